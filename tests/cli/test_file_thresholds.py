"""``--score file``: the thresholds that a motif file holds."""

from math import log

import pytest

import seqnet
from seqnet.errors import SeqnetError, UsageError

ROWS = {
    "one": [(0.1, 0.1, 0.7, 0.1), (0.85, 0.05, 0.05, 0.05), (0.05, 0.05, 0.05, 0.85)],
    "two": [(0.25, 0.45, 0.05, 0.25), (0.01, 0.97, 0.01, 0.01), (0.4, 0.2, 0.2, 0.2), (0.3, 0.1, 0.1, 0.5)],
}
THRESHOLDS = {"one": 1.5, "two": 1.0}
SEQUENCE = "GATTACAGATCCATCGATACCCTNGATTCCAACATGATCCTTGAT"
EXACT = {"background": "uniform", "pseudocount": "none"}


def homer(names, *, known=True):
    """Return a HOMER file; thresholds of 0 with a log p-value of 0 mean that there is none."""
    text = ""
    for name in names:
        text += f">GAT\t{name}\t{THRESHOLDS[name] if known else 0}\t{-9 if known else 0}\t0\n"
        text += "".join("\t".join(map(str, row)) + "\n" for row in ROWS[name])
    return text


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "m.motifs").write_text(homer(ROWS))
    (tmp_path / "none.motifs").write_text(homer(["one"]) + homer(["two"], known=False))
    (tmp_path / "s.fa").write_text(f">s\n{SEQUENCE}\n")
    return tmp_path


def sums():
    """Score every window of the forward strand as HOMER does: natural log of the ratio to 1/4."""
    for name, rows in ROWS.items():
        for start in range(len(SEQUENCE) - len(rows) + 1):
            window = SEQUENCE[start : start + len(rows)]
            if "N" not in window:
                yield (
                    name,
                    start,
                    sum(log(row["ACGT".index(b)] / 0.25) for row, b in zip(rows, window, strict=True)),
                )


def test_hits_are_the_windows_that_reach_the_threshold_of_their_own_motif(folder):
    expected = {(name, start) for name, start, score in sums() if score >= THRESHOLDS[name]}
    assert {name for name, _ in expected} == set(ROWS)
    hits = seqnet.scan(folder / "m.motifs", folder / "s.fa", score="file", strands="forward", **EXACT).hits
    assert set(zip(hits.name, hits.start.tolist(), strict=True)) == expected
    assert len(hits) == len(expected)


def test_enrich_counts_the_sequences_that_reach_the_thresholds(folder):
    windows = [SEQUENCE[i : i + 4] for i in range(0, len(SEQUENCE) - 3, 4)]
    windows = [window for window in windows if "N" not in window]
    (folder / "p.fa").write_text("".join(f">{n}\n{window}\n" for n, window in enumerate(windows)))
    table = seqnet.enrich(
        folder / "m.motifs", folder / "p.fa", against=folder / "s.fa", score="file", strands="forward",
        sort_by="motif", **EXACT,
    ).table  # fmt: skip
    place = {(name, start): score for name, start, score in sums()}
    expected = []
    for name, rows in ROWS.items():
        starts = [range(SEQUENCE.index(window), SEQUENCE.index(window) + 5 - len(rows)) for window in windows]
        expected.append(sum(any(place[name, s] >= THRESHOLDS[name] for s in span) for span in starts))
    assert table.hits_pos.tolist() == expected
    assert 0 < min(expected) <= max(expected) < len(windows)


@pytest.mark.parametrize("command", ["scan", "enrich"])
def test_a_motif_without_a_threshold_is_an_error_that_names_it(folder, run, command):
    finished = run(command, folder / "none.motifs", folder / "s.fa", "--score", "file", "-q")
    assert (finished.code, finished.out) == (1, b"")
    assert finished.err == (
        f"seqnet {command}: error: two: has no threshold in the motif file; give --score BITS or --p-value\n"
    )
    with pytest.raises(SeqnetError, match="two: has no threshold"):
        seqnet.scan(folder / "none.motifs", folder / "s.fa", score="file")


def test_scores_made_otherwise_are_noted_in_a_line(folder, run):
    line = ("scan", folder / "m.motifs", folder / "s.fa", "--score", "file", "--background", "uniform")
    assert "--score file: the thresholds are for scores of the program" in run(*line).err
    assert "--score file" not in run(*line, "--pseudocount", "none").err


def test_another_word_is_refused(folder, run):
    finished = run("scan", folder / "m.motifs", folder / "s.fa", "--score", "files")
    assert finished.code == 2
    assert "(a number of bits, or file)" in finished.err
    for function in (seqnet.scan, seqnet.enrich):
        with pytest.raises(UsageError, match="score is 'files'; expected float, 'file', None"):
            function(folder / "m.motifs", folder / "s.fa", score="files")
