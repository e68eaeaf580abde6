import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqnet.datasets import side_checks
from seqnet.datasets.checks import (
    Finding,
    check_leakage,
    check_regions,
    check_sequences,
)
from seqnet.datasets.side_checks import check_motifs, check_predictions, check_track
from seqnet.formats.regions.bed import read_bed_lines
from seqnet.genome.alphabet import encode_text
from seqnet.genome.intervals import batches, in_stretches
from seqnet.motifs.matrix import MotifInfo, MotifSet, Pfm, Ppm
from tests.unit.genome.signals.test_tracks import source

LENGTHS = {"chr1": 1000, "chr2": 500}
COLUMNS = "#chrom\tstart\tend\tname\tscore\tstrand\tsplit\tA\tB"


def table(*rows, columns=COLUMNS):
    """Regions of "chrom start end name split A B" rows; their lines begin at 2."""
    lines = [columns]
    for row in rows:
        contig, start, end, name, split, *targets = row.split()
        lines.append("\t".join([contig, start, end, name, ".", ".", split, *targets]))
    return read_bed_lines(enumerate(lines, 1), "r.bed")


GOOD = [
    "chr1 0 100 a train 1 0",
    "chr1 200 300 b train 0 1",
    "chr1 400 500 c valid 1 0",
    "chr1 600 700 d valid 0 1",
    "chr2 0 100 e test 1 0",
    "chr2 200 300 f test 0 1",
]


def briefly(found):
    return [(f.level, f.what, f.where) for f in found]


def test_a_good_table_gives_no_finding():
    assert check_regions(table(*GOOD), LENGTHS) == []
    assert check_regions(table(*GOOD)) == []


CASES = {
    "chr1 900 1100 x train 1 0": ("error", "out-of-range", "chr1:900-1100 of 1000 bases"),
    "chr1 -50 50 x train 1 0": ("error", "out-of-range", "starting before the contig, such as chr1:-50-50"),
    "chr1 800 800 x train 1 0": ("error", "empty-region", "without a base, such as chr1:800-800"),
    "2 300 400 x train 1 0": ("error", "contig-style", "1 region on 2, which the genome does not have; it has chr1, chr2; only the style of names differs (2 here, chr2 there)"),
    "chrX 300 400 x train 1 0": ("error", "unknown-contig", "1 region on chrX, which the genome does not have; it has chr1, chr2"),
    "chr2 320 400 x train 1 0": ("warning", "unequal-widths", "1 region not 100 bases wide, in a table of 80 to 100"),
    "chr2 120 220 x test 0 1": ("note", "unsorted", "1 region before the one above"),
    "chr2 340 440 a test 1 0": ("warning", "duplicate-name", "1 name of several rows, such as a"),
    "chr2 200 300 x test 0 1": ("error", "duplicate", "1 region with the coordinates of an earlier one, such as chr2:200-300"),
    "chr2 200 300 x test 1 1": ("error", "contradiction", "1 region with the coordinates of an earlier one and other labels or split"),
    "chr2 200 300 x train 0 1": ("error", "contradiction", "other labels or split, such as chr2:200-300"),
    "chr2 240 340 x test 1 1": ("warning", "near-contradiction", "1 region labelled opposite for A to a neighbour that overlaps by half, such as chr2:240-340"),
    "chr2 290 390 x train 1 0": ("warning", "split-overlap", "1 region overlapping a neighbour of another split, such as chr2:290-390"),
    "chr2 320 420 x . 1 0": ("note", "no-split", "1 region without a split"),
}  # fmt: skip


@pytest.mark.parametrize("row", CASES)
def test_one_odd_row_is_found_with_its_line(row):
    level, what, text = CASES[row]
    found = check_regions(table(*GOOD, row), LENGTHS)
    assert (level, what) in [f[:2] for f in found], found
    (one,) = [f for f in found if f.what == what]
    assert text in one.message
    expected = "regions:2" if what == "duplicate-name" else "regions:8"
    assert one.where == expected


def test_near_neighbours_of_equal_or_unknown_label_are_fine():
    assert check_regions(table(*GOOD, "chr2 240 340 x test 0 ."), LENGTHS) == []
    assert check_regions(table(*GOOD, "chr2 251 351 x test 1 0"), LENGTHS) == []


def test_contradictions_of_many_tasks_are_one_finding_that_names_the_worst():
    rows = [
        f"chr1 {200 * i + 20 * j} {200 * i + 20 * j + 100} r{i}{j} train" for i in range(4) for j in (0, 1)
    ]
    labels = [
        ["0 0 0 0 0", "1 0 1 1 1"],
        ["0 0 0 0 1", "1 0 1 1 0"],
        ["0 0 0 0 0", "0 0 1 1 0"],
        ["0 0 0 0 0", "0 0 0 1 0"],
    ]
    texts = [f"{row} {labels[i // 2][i % 2]}" for i, row in enumerate(rows)]
    found = [
        f
        for f in check_regions(table(*texts, columns=COLUMNS + "\tC\tD\tE"))
        if f.what == "near-contradiction"
    ]
    assert [f[:3] for f in found] == [("warning", "near-contradiction", "regions:3")]
    assert found[0].message == (
        "4 regions labelled opposite for 4 of 5 tasks to a neighbour that overlaps by half, "
        "such as chr1:20-120; most for D (4), C (3), A (2)"
    )
    few = [
        f
        for f in check_regions(table(*texts[:2], columns=COLUMNS + "\tC\tD\tE"))
        if f.what == "near-contradiction"
    ]
    assert len(few) == 1
    three = [" ".join(text.split()[:-2]) for text in texts]
    each = [
        f.message
        for f in check_regions(table(*three, columns=COLUMNS + "\tC"))
        if f.what == "near-contradiction"
    ]
    assert [message.split(" to ")[0] for message in each] == [
        "2 regions labelled opposite for A",
        "3 regions labelled opposite for C",
    ]


def test_everything_is_reported_not_only_the_first():
    found = check_regions(
        table(*GOOD, "chr1 900 1100 x train 1 0", "chrX 1 101 y train 1 0", "chr2 50 50 z test 1 0"), LENGTHS
    )
    assert {f.what for f in found} >= {"out-of-range", "unknown-contig", "empty-region", "unequal-widths"}


TASKS = {
    "constant": (
        ["chr1 0 100 a train 0 1", "chr1 200 300 b train 0 0", "chr2 0 100 c valid 1 1", "chr2 200 300 d valid 0 0", "chr2 400 500 e test 0 1", "chr1 400 500 f test 1 0"],
        [("warning", "constant-task", "regions:A")],
    ),
    "all constant": (
        ["chr1 0 100 a train 0 .", "chr1 200 300 b train 0 .", "chr2 0 100 c valid 1 1", "chr2 200 300 d valid 0 0", "chr2 400 500 e test 0 1", "chr1 400 500 f test 1 0"],
        [("warning", "constant-task", "regions:A"), ("warning", "constant-task", "regions:B"), ("error", "constant-tasks", "regions")],
    ),
    "no positives": (
        ["chr1 0 100 a train 0 1", "chr1 200 300 b train 1 0", "chr2 0 100 c valid 0 1", "chr2 200 300 d valid 0 0", "chr2 400 500 e test 0 1", "chr1 400 500 f test 1 1"],
        [("warning", "no-positives", "regions:A"), ("warning", "no-negatives", "regions:B")],
    ),
    "numbers": (
        ["chr1 0 100 a train 0.5 1", "chr1 200 300 b train 1 0", "chr2 0 100 c valid 0 1", "chr2 200 300 d valid 0 0", "chr2 400 500 e test 0 1", "chr1 400 500 f test 0 0"],
        [],
    ),
    "no test": (["chr1 0 100 a train 0 1", "chr1 200 300 b train 1 0", "chr2 0 100 c valid 1 1", "chr2 200 300 d valid 0 0"], [("warning", "empty-split", "regions")]),
    "no splits": (["chr1 0 100 a . 0 1", "chr1 200 300 b . 1 0"], []),
}  # fmt: skip


@pytest.mark.parametrize("case", TASKS)
def test_tasks_and_splits(case):
    rows, expected = TASKS[case]
    found = [f for f in briefly(check_regions(table(*rows), LENGTHS)) if f[1] != "unsorted"]
    assert found == expected


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["chr1", "chr2"]),
            st.integers(0, 6),
            st.sampled_from(["train", "test", "."]),
            st.sampled_from("01."),
        ),
        min_size=1,
        max_size=9,
    )
)
def test_duplicates_equal_the_loop(rows):
    regions = table(
        *(f"{c} {10 * s} {10 * s + 100} n{i} {split} {t} 0" for i, (c, s, split, t) in enumerate(rows))
    )
    seen, same, differ = {}, 0, 0
    for contig, start, split, target in rows:
        key = (contig, start)
        if key not in seen:
            seen[key] = (split, target)
        elif split != seen[key][0] or {target, seen[key][1]} == {"0", "1"}:
            differ += 1
        else:
            same += 1
    messages = {f.what: f.message for f in check_regions(regions)}
    for what, count in (("duplicate", same), ("contradiction", differ)):
        assert (what in messages) == (count > 0)
        if count:
            assert messages[what].startswith(f"{count} region")


def sequences(*texts):
    return np.stack([encode_text(text) for text in texts])


def rows_of(texts, targets, splits=None):
    names = splits or ["train"] * len(texts)
    rows = [
        f"chr1 {100 * i} {100 * i + len(t)} r{i} {s} {y} 0"
        for i, (t, y, s) in enumerate(zip(texts, targets, names, strict=True))
    ]
    return table(*rows)


def test_sequences_of_ambiguous_bases_and_unlike_classes():
    texts = ["GCGCGCGCGC", "GCGCATGCGC", "ATATATATAT", "ATATATGTAT", "NNNNNNNNNN", "ACGTNNNNNN"]
    regions = rows_of(texts, [1, 1, 0, 0, ".", "."])
    found = check_sequences(regions, sequences(*texts))
    assert briefly(found) == [
        ("warning", "no-sequence", "regions:6"),
        ("warning", "ambiguous", "regions:7"),
        ("warning", "gc-imbalance", "regions:A"),
    ]
    assert "0.900 in the positives of A, 0.050 in the others" in found[2].message
    balanced = ["GCATGCATAT", "ATATGCGCAT"]
    assert check_sequences(rows_of(balanced, [1, 0]), sequences(*balanced)) == []
    masked = check_sequences(rows_of(balanced, [1, 0]), sequences(*balanced), np.array([0.1, 0.6]))
    assert briefly(masked) == [("warning", "mask-imbalance", "regions:A")]


def test_leakage_is_reported_by_both_rules():
    word = "".join(np.random.default_rng(0).choice(list("ACGT"), 120))
    other = "".join(np.random.default_rng(1).choice(list("ACGT"), 120))
    texts = [word, other[:10] + word[:110], word, "A" * 60 + other[:60]]
    found = check_leakage(
        rows_of(texts, [1, 0, 1, 0], ["train", "train", "test", "valid"]), sequences(*texts)
    )
    assert briefly(found) == [("error", "leakage", "regions:2"), ("warning", "shared-words", "regions:2")]
    assert found[0].message.startswith("1 training region with the sequence, on either strand")
    assert found[1].message.startswith("2 training regions with 100 bases in common")


NAN = float("nan")


def test_tracks(monkeypatch):
    monkeypatch.setattr(side_checks, "STEP", 3)
    lengths = {"a": 5, "b": 4}
    good = source(a=[1, 2, 3, 4, 5], b=[1, 1, 2, 1])
    assert check_track("t", good, lengths) == []
    cases = [
        (source(a=[1, NAN, 3, 4, 5], b=[NAN, 1, 2, 1]), [("note", "gaps", "2 bases of 9")]),
        (source(a=[1, 2, 3, np.inf, 5], b=[-np.inf, 1, 2, 1]), [("error", "infinite", "2 infinite values, the first at a:3")]),
        (source(a=[2] * 5, b=[2, 2, NAN, 2]), [("warning", "constant-track", "2 wherever")]),
        (source(a=[NAN] * 5, b=[NAN] * 4), [("error", "empty-track", "no value")]),
        (source(a=[1, 2, 3, 4, 5]), [("error", "absent-contig", "1 contig of the genome not in the track, such as b; it has a")]),
        (source(a=[1, 2, 3, 4, 5], b=[1]), [("error", "contig-length", "b has 1 bases, 4 in the genome")]),
    ]  # fmt: skip
    for track, expected in cases:
        found = check_track("t", track, lengths)
        assert [(f.level, f.what) for f in found] == [e[:2] for e in expected]
        assert all(e[2] in f.message for f, e in zip(found, expected, strict=True))
        assert all(f.where == "track:t" for f in found)


def test_tracks_under_regions(monkeypatch):
    monkeypatch.setattr(side_checks, "STEP", 3)
    regions = read_bed_lines([(1, "a\t0\t2"), (2, "a\t4\t9"), (3, "a\t1\t4")], "r")
    track = source(a=[NAN, NAN, NAN, 1, NAN, NAN, 2, NAN, 3, 4], z=[1, 2])
    (gaps,) = check_track("t", track, {"a": 10}, regions)
    assert gaps.what == "gaps"
    few = source(a=[NAN, NAN, NAN, 1, NAN, NAN, NAN, NAN, NAN, 4])
    found = check_track("t", few, {"a": 10}, regions)
    assert found[1] == Finding("warning", "uncovered-regions", "track:t", "2 regions of 3 without any value")
    elsewhere = check_track("t", track, {"a": 10, "b": 7}, regions)
    assert elsewhere[0][:2] == ("warning", "absent-contig")


track_values = st.sampled_from([NAN, NAN, 1.0, 2.5, np.inf, -3.0])


@given(
    st.lists(st.lists(track_values, min_size=1, max_size=7), min_size=1, max_size=7),
    st.lists(st.tuples(st.integers(0, 7), st.integers(0, 8), st.integers(1, 4)), min_size=1, max_size=12),
    st.integers(1, 30),
)
def test_tracks_of_many_contigs_are_counted_as_one_by_one(contigs, places, step):
    track = source(**{f"c{number}": values for number, values in enumerate(contigs)})
    lines = [(i, f"c{contig}\t{start}\t{start + size}") for i, (contig, start, size) in enumerate(places)]
    regions = read_bed_lines(lines, "r")
    pieces = in_stretches(track.lengths, step)
    tally = side_checks._Tally(covered=np.zeros(len(regions), np.int64))
    rows = side_checks._Rows.of(regions.intervals, pieces.contigs)
    for begin, end in batches(pieces.end - pieces.start, step):
        some = pieces.take(np.arange(begin, end))
        values = track.values_of(some.contig_names().tolist(), some.start, some.end)
        side_checks._take_in(tally, values, some)
        side_checks._count_covered(tally, values, some, rows)
    every = [value for values in contigs for value in values]
    infinite = [f"c{c}:{i}" for c, values in enumerate(contigs) for i, v in enumerate(values) if v == np.inf]
    finite = [value for value in every if np.isfinite(value)]
    assert (tally.bases, tally.gaps) == (len(every), sum(value != value for value in every))
    assert (tally.infinite, tally.place) == (len(infinite), infinite[0] if infinite else "")
    assert (tally.lowest, tally.highest) == (min(finite, default=np.inf), max(finite, default=-np.inf))
    for row, (contig, start, size) in enumerate(places):
        under = contigs[contig][start : start + size] if contig < len(contigs) else []
        assert tally.covered[row] == sum(value == value for value in under)


def test_contigs_without_bases_are_left_out_of_a_track():
    track = source(a=[1, NAN], b=[], c=[NAN, 3])
    regions = read_bed_lines([(1, "c\t0\t1"), (2, "a\t1\t2"), (3, "c\t1\t2")], "r")
    gaps, bare = check_track("t", track, {"a": 2, "b": 0, "c": 2}, regions)
    assert gaps.message.startswith("2 bases of 4")
    assert bare.message == "2 regions of 3 without any value"


def test_motifs():
    strong = np.array([[9, 1, 0, 0], [0, 10, 0, 0], [0, 0, 10, 0], [10, 0, 0, 0]])
    good = MotifSet((Pfm(MotifInfo("x", nsites=10), strong),))
    assert check_motifs(good) == []
    weak = Ppm(MotifInfo("y"), np.full((3, 4), 0.25))
    again = Pfm(MotifInfo("x"), strong)
    found = check_motifs(MotifSet((*good.motifs, weak, again)))
    assert briefly(found) == [
        ("warning", "duplicate-motif", "motifs:x"),
        ("warning", "weak-motif", "motifs:y"),
        ("note", "no-nsites", "motifs:y"),
    ]
    assert "y of 0.00" in found[1].message


def test_predictions():
    labels = table(*GOOD)
    good = table(*(f"{row[:-3]} 0.{i} 0.{9 - i}" for i, row in enumerate(GOOD)))
    assert check_predictions(good, labels) == []
    bad = table("chr1 0 100 a train 0.5 .", "chr1 900 999 q train 0.5 0.3")
    found = check_predictions(bad, labels)
    assert briefly(found) == [
        ("error", "missing-prediction", "predictions:2"),
        ("warning", "constant-prediction", "predictions:A"),
        ("error", "unmatched-rows", "predictions"),
        ("warning", "unmatched-rows", "predictions"),
    ]
    assert "1 region predicted without a label, such as chr1:900-999" in found[2].message
    assert "5 regions labelled without a prediction, such as chr1:200-300" in found[3].message
    other = read_bed_lines([(1, COLUMNS.replace("\tB", "\tZ")), (2, "chr1\t0\t100\ta\t.\t.\t.\t1\t0")], "p")
    assert [f.message for f in check_predictions(other, labels)][1:] == [
        "Z: predicted but not labelled",
        "B: labelled but not predicted",
    ]
    assert check_predictions(read_bed_lines([(1, "chr1\t0\t100")], "p"), None)[0].what == "no-tasks"
