"""``seqnet.coverage`` from Python: the track that the command writes, as values."""

import numpy as np
import pytest

import seqnet
from seqnet.errors import SeqnetError, UsageError
from tests.unit.formats.reads.test_bam import CONTIGS, write_bam

SIZES = {"c1": 300, "c2": 80, "c3": 20}


@pytest.fixture
def files(tmp_path):
    """Contig sizes, and random fragments on the first two contigs."""
    generator = np.random.default_rng(1)
    (tmp_path / "sizes").write_text("".join(f"{name}\t{size}\n" for name, size in SIZES.items()))
    rows = []
    for _ in range(60):
        name = ("c1", "c2")[int(generator.random() < 0.3)]
        start = int(generator.integers(SIZES[name] - 30))
        rows.append((name, start, start + int(generator.integers(1, 31)), "+-"[int(generator.integers(2))]))
    lines = [f"{name}\t{start}\t{end}\tr\t0\t{strand}\n" for name, start, end, strand in rows]
    (tmp_path / "x.bed").write_text("".join(lines))
    return tmp_path, rows


def depths(rows):
    """Count base by base."""
    found = {name: np.zeros(size) for name, size in SIZES.items()}
    for name, start, end, _ in rows:
        for place in range(start, end):
            found[name][place] += 1
    return found


def by_base(track):
    """Spread the rows of a table over the bases of the contigs; NaN where there is none."""
    found = {name: np.full(size, np.nan) for name, size in SIZES.items()}
    for name, start, end, value in track.rows():
        assert np.isnan(found[name][start:end]).all()
        found[name][start:end] = value
    return found


def test_the_track_is_the_depth_of_each_base_and_nothing_is_printed(files, capfd):
    folder, rows = files
    result = seqnet.coverage(folder / "x.bed", "fragments", genome=folder / "sizes")
    assert list(result.track.columns()) == ["chrom", "start", "end", "value"]
    for name, expected in depths(rows).items():
        np.testing.assert_array_equal(by_base(result.track)[name], expected)
    assert result.counts == {
        "rows": 60, "passed": 60, "counted": 60, "bad": 0, "outside": 0, "clipped": 0,
    }  # fmt: skip
    assert (result.factor, result.outputs) == (1.0, ())
    assert capfd.readouterr() == ("", "")


def test_a_track_of_one_strand_without_zeros_scaled_to_a_million(files):
    folder, rows = files
    result = seqnet.coverage(
        folder / "x.bed", "fragments", genome=folder / "sizes", strand="+", skip_zeros=True, normalize="cpm"
    )
    assert result.factor == 1e6 / 60  # of both strands
    for name, expected in depths([row for row in rows if row[3] == "+"]).items():
        scaled = np.where(expected > 0, expected * 1e6 / 60, np.nan)
        np.testing.assert_allclose(by_base(result.track)[name], scaled, rtol=1e-6)


def test_the_track_is_that_of_the_file(files):
    folder, _ = files
    fields = {"genome": folder / "sizes", "width": 7, "normalize": "1x", "chroms": ("c1", "c2")}
    track = seqnet.coverage(folder / "x.bed", "reads", **fields).track
    written = seqnet.coverage(folder / "x.bed", "reads", folder / "x.bdg", header="none", **fields)
    assert (written.track, written.outputs) == (None, (str(folder / "x.bdg"),))
    rows = [line.split("\t") for line in (folder / "x.bdg").read_text().splitlines()]
    assert [(row[0], int(row[1]), int(row[2])) for row in rows] == [row[:3] for row in track.rows()]
    np.testing.assert_allclose([float(row[3]) for row in rows], track.value, rtol=1e-6)
    apart = seqnet.coverage(folder / "x.bed", "reads", folder / "x.{strand}.bdg", **fields)
    assert [path.name for path in folder.glob("x.*us.bdg")] != []
    assert apart.outputs == (str(folder / "x.plus.bdg"), str(folder / "x.minus.bdg"))


def test_counts_say_what_the_filters_and_the_contigs_left_out(files):
    folder, _ = files
    (folder / "short").write_text("c1\t300\nc2\t40\n")
    skipped = seqnet.coverage(folder / "x.bed", "reads", genome=folder / "short", on_bad="skip").counts
    assert 0 < skipped["bad"] == skipped["rows"] - skipped["passed"]
    pairs = [("p", 99, 0, 100, 60, [(0, 40)], 150), ("p", 147, 0, 210, 9, [(0, 40)], -150)]
    write_bam(folder / "x.bam", pairs, order="coordinate")
    cuts = seqnet.coverage(folder / "x.bam", "cuts", shift=(-200, 0))
    assert cuts.counts == {"rows": 2, "passed": 1, "counted": 1, "bad": 0, "outside": 1, "clipped": 0}
    assert cuts.track.columns()["value"].tolist() == [0.0] * len(CONTIGS)


def test_nothing_to_count_is_an_error(files):
    folder, _ = files
    with pytest.raises(SeqnetError, match="no reads to count: 0 of 60 reads pass"):
        seqnet.coverage(folder / "x.bed", "reads", genome=folder / "sizes", chroms=["c3"])


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"count": "reads", "shift": (4, -5)}, "--shift moves cuts"),
        ({"count": "cuts", "extend": 9}, "--extend is for reads and fragments"),
        ({"count": "reads", "effective_size": 9}, "--effective-size is for --normalize 1x"),
        ({"count": "reads", "strand": "+", "output": "x.{strand}.bw"}, r"leave \{strand\} out of x"),
        ({"count": "fragments", "extend": 0}, "extend is 0; expected a whole number of at least 1"),
        ({"count": "reads", "width": 0}, "width is 0; expected a whole number of at least 1"),
        ({"count": "reads", "subsample": 1.5}, "subsample is 1.5; expected a number above 0 and up to 1"),
    ],
)
def test_fields_that_contradict_each_other_are_refused(fields, message):
    with pytest.raises(UsageError, match=message):
        seqnet.coverage("missing.bed", **fields)
