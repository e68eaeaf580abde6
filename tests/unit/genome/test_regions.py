import numpy as np
import pytest

from seqnet.errors import FormatError, SeqnetError
from seqnet.genome.intervals import make_intervals
from seqnet.genome.regions import centers, concatenate_regions, fit_regions, make_regions, windows

LENGTHS = {"chr1": 100, "chr2": 50}


def regions_of(*rows, lines=True):
    table = make_regions(make_intervals([r[0] for r in rows], [r[1] for r in rows], [r[2] for r in rows]))
    if lines:
        object.__setattr__(table, "lines", np.arange(1, len(rows) + 1))
        object.__setattr__(table, "source", "r.bed")
    return table


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (
            ("1", 0, 10),
            "r.bed:2: regions say '1', which g.fa does not have; it has chr1, chr2"
            "; only the style of names differs (1 here, chr1 there)",
        ),
        (("chr2", 45, 51), "r.bed:2: chr2:45-51 passes the end of chr2, 50 in g.fa"),
        (("chr1", -3, 5), "r.bed:2: chr1:-3-5 starts before the contig"),
        (("chr1", 7, 7), "r.bed:2: chr1:7-7 is empty; expected start < end"),
        (("chr1", 9, 7), "r.bed:2: chr1:9-7 is empty; expected start < end"),
    ],
)
def test_misfits_name_file_line_and_both_sides(row, message):
    table = regions_of(("chr1", 0, 10), row)
    with pytest.raises(FormatError) as caught:
        fit_regions(table, LENGTHS, "g.fa")
    assert str(caught.value) == message


def test_misfits_are_skipped_or_clipped_and_counted():
    table = regions_of(
        ("chr1", -5, 10), ("chr3", 0, 5), ("chr2", 40, 60), ("chr1", 20, 30), ("chr1", 100, 110)
    )
    skipped = fit_regions(table, LENGTHS, "g.fa", "skip")
    assert skipped.regions.intervals.start.tolist() == [20]
    assert (skipped.skipped, skipped.clipped) == (4, 0)
    clipped = fit_regions(table, LENGTHS, "g.fa", "clip")
    assert clipped.regions.intervals.start.tolist() == [0, 40, 20]
    assert clipped.regions.intervals.end.tolist() == [10, 50, 30]
    assert (clipped.skipped, clipped.clipped) == (2, 2)


def test_nothing_left_is_an_error():
    with pytest.raises(FormatError, match=r"no region lies inside g\.fa"):
        fit_regions(regions_of(("chr2", 60, 70)), LENGTHS, "g.fa", "skip")
    with pytest.raises(
        FormatError, match=r"regions say .chr9., which g\.fa does not have; it has chr1, chr2"
    ):
        fit_regions(regions_of(("chr9", 0, 5)), LENGTHS, "g.fa", "skip")


def test_centres_and_windows():
    table = regions_of(("chr1", 10, 21), ("chr1", 30, 40))
    object.__setattr__(table, "summits", np.array([2, -1]))
    assert centers(table, "auto").tolist() == [12, 35]
    assert centers(table, "midpoint").tolist() == [15, 35]
    with pytest.raises(FormatError, match=r"r\.bed:2: has no summit"):
        centers(table, "summit")
    found, skipped = windows(table, 30, "auto", LENGTHS)
    assert (found.intervals.start.tolist(), skipped) == ([20], 1)
    assert found.summits.tolist() == [-1]


def test_one_width_is_required():
    with pytest.raises(FormatError, match=r"r\.bed:2: chr1:0-4 is 4 bases wide where the first region has 5"):
        regions_of(("chr1", 0, 5), ("chr1", 0, 4)).width()
    with pytest.raises(SeqnetError, match="holds no regions"):
        regions_of().width()


def test_concatenating_keeps_rows_in_order():
    joined = concatenate_regions([regions_of(("chr2", 1, 2)), regions_of(("chr1", 3, 4))])
    assert joined.names.tolist() == ["chr2:1-2", "chr1:3-4"]
    assert joined.intervals.contigs == ("chr2", "chr1")
