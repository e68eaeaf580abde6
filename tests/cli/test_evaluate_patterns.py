"""``evaluate --patterns`` shows what ``discover --json`` wrote."""

import json
import re

import pytest

from seqnet.pipeline.evaluation.patterns import read_patterns
from tests.running import run_seqnet


def pattern(name, seqlets=50, height=1.0, task="A", target=None):
    """One pattern of the file."""
    contributions = [[height, 0, 0, 0], [0, 0, height, 0], [0, 0, 0, height]]
    counts = [[seqlets, 0, 0, 0], [0, 0, seqlets, 0], [0, 0, 0, seqlets]]
    return {
        "pattern": name, "task": task, "seqlets": seqlets, "contribution": 3 * height, "target": target,
        "q_value": None if target is None else 1e-5, "contributions": contributions, "counts": counts,
    }  # fmt: skip


def evaluate(tmp_path, content, *more, report=True):
    """Evaluate three rows with a file of patterns."""
    (tmp_path / "l.tsv").write_text("name\tA\nx\t1\ny\t0\nz\t1\n")
    (tmp_path / "p.tsv").write_text("name\tA\nx\t.9\ny\t.2\nz\t.4\n")
    text = content if isinstance(content, str) else json.dumps(content)
    (tmp_path / "patterns.json").write_text(text)
    shown = ("--report", tmp_path / "r.html") if report else ()
    return run_seqnet(
        "evaluate", tmp_path / "p.tsv", "--labels", tmp_path / "l.tsv", "--patterns", tmp_path / "patterns.json",
        *shown, *more,
    )  # fmt: skip


def discovery(*patterns, **more):
    return {
        "provenance": {"command": "discover", "model": "m.safetensors"},
        "patterns": list(patterns),
        **more,
    }


def test_the_report_draws_the_patterns_that_contribute_most(tmp_path):
    several = [pattern(f"A_{n}", seqlets=100 - n, height=1 + n, target=f"T{n}") for n in range(8)]
    finished = evaluate(tmp_path, discovery(*several, pattern("B_1", task="B")), "--intervals", "none")
    assert finished.code == 0
    assert "patterns of tasks that are not evaluated are left out (1)" in finished.err
    text = (tmp_path / "r.html").read_text()
    section = re.search(r'<h2 id="patterns">.*?</section>', text, flags=re.DOTALL)[0]
    # 100 - n seqlets of 3 (1 + n): the last of the file contribute most in all
    assert re.findall(r"<h3>(A_\d): T\d</h3>", section) == [f"A_{n}" for n in range(7, 1, -1)]
    assert re.findall(r'<th scope="row">(.*?)</th>', section) == [f"A_{n}" for n in range(7, -1, -1)]
    assert section.count("<svg ") == 6
    used = re.findall(r' id="([^"]*)"', text)
    assert len(used) == len(set(used))


def test_what_discover_writes_is_read(inside, tmp_path, capfd):
    from tests.cli.test_discover_command import PLANTED
    from tests.unit.attribution.networks import FIXTURES

    names = [f"s{number}" for number in range(40)]
    (tmp_path / "s.fa").write_text(
        "".join(f">{name}\n{'ACTG' * (3 + n % 5)}{PLANTED}{'GATTA' * 5}\n" for n, name in enumerate(names))
    )
    inside(
        "discover", FIXTURES / "linear.safetensors", tmp_path / "s.fa", "-t", 1, "-q", "--shuffles", 2,
        "--min-seqlets", 5, "--fdr", 1, "-o", tmp_path / "p.meme", "--json", tmp_path / "p.json",
    )  # fmt: skip
    (tmp_path / "l.tsv").write_text("name\tbound\n" + "".join(f"{n}\t{i % 2}\n" for i, n in enumerate(names)))
    found = json.loads((tmp_path / "p.json").read_text())["patterns"]
    inside(
        "evaluate", "--model", FIXTURES / "linear.safetensors", "--sequences", tmp_path / "s.fa", "--labels",
        tmp_path / "l.tsv", "--split", "all", "-o", tmp_path / "m.tsv", "--report", tmp_path / "r.html",
        "--patterns", tmp_path / "p.json", "--intervals", "none",
    )  # fmt: skip
    assert "the patterns are of" not in capfd.readouterr().err
    drawn = re.findall(r"<h3>(bound_\d+)</h3>", (tmp_path / "r.html").read_text())
    assert 1 <= len(drawn) <= 6
    assert set(drawn) <= {each["pattern"] for each in found}


def test_patterns_of_another_model_are_a_warning(tmp_path, caplog):
    (tmp_path / "patterns.json").write_text(json.dumps(discovery(pattern("A_1"))))
    path = str(tmp_path / "patterns.json")
    assert len(read_patterns(path, ("A",), "m.safetensors")) == 1
    assert not caplog.messages
    assert len(read_patterns(path, ("A",), "other.safetensors")) == 1
    (message,) = caplog.messages
    assert "the patterns are of m.safetensors, and other.safetensors is evaluated" in message


def test_patterns_need_a_report(tmp_path):
    finished = evaluate(tmp_path, discovery(pattern("A_1")), report=False)
    assert finished.code == 2
    assert "--patterns needs --report" in finished.err


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[" * 50_000, "is no JSON"),
        ("[]", "is not what discover --json writes: "),
        (
            discovery() | {"provenance": {"command": "evaluate"}},
            "is not what discover --json writes: it is of evaluate",
        ),
        (discovery(), "holds no pattern of the tasks evaluated: A"),
        (discovery(pattern("B_1", task="B")), "holds no pattern of the tasks evaluated: A"),
        (
            discovery(pattern("A_1") | {"counts": [[1, 2, 3]]}),
            "patterns.0.counts has rows of other lengths than 4",
        ),
        (
            discovery(pattern("A_1") | {"counts": [[1, 2, 3, 4]]}),
            "patterns.0.counts are no counts of 3 positions",
        ),
        (
            discovery(pattern("A_1") | {"counts": [[0] * 4] * 3}),
            "patterns.0.counts are no counts of 3 positions",
        ),
        (discovery(pattern("A_1") | {"contributions": []}), "expected a list of at least 1"),
        (
            discovery(pattern("A_1") | {"seqlets": 0.5}),
            "patterns.0.seqlets is 0.5; expected a whole number",
        ),
        (
            discovery(pattern("A_1") | {"seqlets": 0}),
            "patterns.0.seqlets is 0; expected a finite number above 0",
        ),
    ],
)
def test_a_damaged_file_is_one_line(tmp_path, content, message):
    finished = evaluate(tmp_path, content, "-q", "--json", tmp_path / "e.json")
    assert finished.code == 1
    assert message in finished.err
    assert finished.err.count("\n") == 1
    assert not (tmp_path / "r.html").exists()
    assert not (tmp_path / "e.json").exists()
