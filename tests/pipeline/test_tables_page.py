"""docs/tables.md reads every table as written."""

import re
import shlex

import pytest

from tests.cli.test_golden import GOLDEN
from tests.conftest import EXAMPLE_DATA, ROOT

PAGE = (ROOT / "docs" / "tables.md").read_text()
PANDAS, POLARS, PLAIN = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
SCAN, SCAN_PLAIN = re.findall(r"```bash\nseqnet (.*?)\n```", PAGE, re.DOTALL)
RECORDED = [
    "reb1_hits.bed", "chr4_q.bed", "chr4_top.fimo", "few_best.tsv", "lecture_thresholds.tsv", "enrich.tsv",
    "reb1_compared.tsv", "few_2mers.tsv", "few_hashed.tsv", "labelled.bed", "tiles.bed", "few_negatives.bed",
    "simulated_labels.bed", "simulated_sites.bed", "simulated_genome.bed", "few_predicted.bed",
    "few_predicted.tsv", "few_effects.tsv", "few_explained.tsv", "metrics.tsv", "odd_checked.tsv", "lecture.pssm.tsv",
]  # fmt: skip
MISSING = (".", "NA", "")


def expected_cells(path):
    """The column line and the rows, split by hand."""
    lines = [line for line in path.read_text().splitlines() if not line.startswith("##")]
    columns, *rows = [line.split("\t") for line in lines]
    return columns, rows


def assert_same(found, text, is_missing):
    if text in MISSING:
        assert is_missing(found)
    elif isinstance(found, str):
        assert found == text
    else:
        assert float(found) == float(text)


def run_block(code, **names):
    exec(compile(code, "docs/tables.md", "exec"), names)
    return names


@pytest.mark.parametrize("recorded", RECORDED)
def test_pandas_reads_every_table(recorded):
    pandas = pytest.importorskip("pandas")
    table = run_block(PANDAS.replace("hits.bed", str(GOLDEN / recorded)))["table"]
    columns, rows = expected_cells(GOLDEN / recorded)
    assert list(table.columns) == columns
    assert len(table) == len(rows) > 0
    for found, row in zip(table.itertuples(index=False), rows, strict=True):
        for cell, text in zip(found, row, strict=True):
            assert_same(cell, text, pandas.isna)


@pytest.mark.parametrize("recorded", RECORDED)
def test_polars_reads_every_table(recorded):
    pytest.importorskip("polars")
    table = run_block(POLARS.replace("hits.bed", str(GOLDEN / recorded)))["table"]
    columns, rows = expected_cells(GOLDEN / recorded)
    assert table.columns == columns
    assert table.height == len(rows) > 0
    for found, row in zip(table.rows(), rows, strict=True):
        for cell, text in zip(found, row, strict=True):
            assert_same(cell, text, lambda value: value is None)


def test_the_commands_run_and_pandas_reads_what_they_write(seqnet_ok, tmp_path, monkeypatch):
    pandas = pytest.importorskip("pandas")
    for name in ("motifs.jaspar", "genome.fa"):
        (tmp_path / name).symlink_to(EXAMPLE_DATA / name)
    monkeypatch.chdir(tmp_path)
    seqnet_ok(*shlex.split(SCAN))
    seqnet_ok(*shlex.split(SCAN_PLAIN))
    table = run_block(PANDAS)["table"]
    plain = run_block(PLAIN, pd=pandas)["plain"]
    assert len(table) > 100
    pandas.testing.assert_frame_equal(table, plain)
    assert table["log_odds"].dtype == float
    assert set(table.columns.str.lstrip("#")) >= {"chrom", "start", "end", "p_value", "matched"}


def test_first_columns_are_those_of_the_page():
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", PAGE, re.MULTILINE)
    first = {name.strip(): re.findall(r"`([^`]+)`", column) for name, _, column in rows if "`" in column}
    files = {
        "hits": "reb1_hits.bed", "FIMO's table": "chr4_top.fimo", "best sites": "few_best.tsv",
        "thresholds": "lecture_thresholds.tsv", "enrichment": "enrich.tsv", "similar motifs": "reb1_compared.tsv",
        "k-mers": "few_2mers.tsv", "labelled regions": "labelled.bed", "planted sites": "simulated_sites.bed",
        "metrics": "metrics.tsv", "findings": "odd_checked.tsv",
        "effects of variants": "few_effects.tsv",
    }  # fmt: skip
    for name, recorded in files.items():
        assert first[name] == [expected_cells(GOLDEN / recorded)[0][0]], name
    both = [expected_cells(GOLDEN / f"few_predicted.{suffix}")[0][0] for suffix in ("bed", "tsv")]
    assert first["predictions"] == both
    assert expected_cells(GOLDEN / "few_explained.tsv")[0][0] in first["rows explained"]
    others = {"rows explained", "seqlets", "effects of motifs"}
    assert set(first) == {*files, "predictions", "training log", *others}
