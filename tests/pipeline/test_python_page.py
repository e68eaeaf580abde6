"""docs/python.md runs as written: the whole pipeline in Python, in one process."""

import contextlib
import io
import re

import matplotlib as mpl

from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "python.md").read_text()


def test_the_page_runs_as_written_and_prints_what_it_says_alone(tmp_path, monkeypatch):
    (tmp_path / "example_data").symlink_to(ROOT / "example_data")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SEQNET_CACHE", str(tmp_path / "cache"))
    mpl.use("Agg")
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, "docs/python.md", "exec"), {})
    hits, labels, metrics, others = printed.getvalue().splitlines()
    assert re.fullmatch(r"\d+ chr1 \d+ [ACGT]{15}", hits)
    assert "'train': " in labels
    assert min(float(number) for number in re.findall(r"\d\.\d+", metrics)) > 0.6
    assert re.fullmatch(r"\d+\.0 200 \(100, 500\) \d+", others)
    assert {path.name for path in tmp_path.iterdir()} >= {"reb1.svg", "regions.bed", "report.html"}


def test_every_function_is_on_the_page():
    import seqnet

    for name in seqnet.API:
        assert f"`{name}`" in PAGE, name
