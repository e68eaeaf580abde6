import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqnet.errors import SeqnetError
from seqnet.genome.signals import bins
from seqnet.genome.signals.bins import bin_counts, load_binned, tile_middles, values_at, windows_along
from tests.unit.genome.signals.test_tracks import NAN, source


@given(st.integers(1, 12), st.integers(0, 40), st.integers(1, 9), st.integers(1, 30))
def test_bins_are_means_of_their_bases(step, seed, first, stretch):
    generator = np.random.default_rng(seed)
    contigs = {"a": generator.random(first), "b": generator.random(31)}
    contigs["b"][generator.random(31) < 0.2] = NAN
    found = source(**contigs)
    before, bins.STEP = bins.STEP, stretch  # bases read at a time
    try:
        track = load_binned("t", found, found.lengths, step)
    finally:
        bins.STEP = before
    expected = []
    for values in found.contigs.values():
        known = np.nan_to_num(values.astype(np.float64))
        expected += [known[i : i + step].mean() for i in range(0, len(known), step)]
    assert track.values == pytest.approx(np.array(expected), rel=1e-6)
    assert track.layout.lengths == bin_counts(found.lengths, step)
    assert track.found.gaps == int(np.isnan(found.contigs["b"]).sum())


def test_contigs_that_a_track_does_not_have():
    found = source(a=[1, 2, 3, 4])
    lengths = {"a": 4, "c": 5}
    with pytest.raises(SeqnetError, match="has no c; it has a"):
        load_binned("t", found, lengths, 2)
    track = load_binned("t", found, lengths, 2, "zero")
    assert track.values.tolist() == [1.5, 3.5, 0, 0, 0]
    assert track.found.absent == ("c",)
    with pytest.raises(SeqnetError, match="a has 4 bases, 6 in the genome"):
        load_binned("t", found, {"a": 6}, 2)


def test_windows_side_by_side_cover_every_bin_once():
    windows = windows_along({"a": 10, "b": 3}, 4)
    assert [windows.locus(row) for row in range(len(windows))] == ["a:0-4", "a:4-8", "a:8-12", "b:0-4"]


@given(st.lists(st.integers(1, 40), min_size=1, max_size=8), st.integers(1, 12), st.integers(1, 50))
def test_values_in_the_middle_of_tiles_are_those_of_each_contig(sizes, step, stretch):
    generator, expected = np.random.default_rng(1), []
    contigs = {f"c{number}": generator.random(size) for number, size in enumerate(sizes)}
    contigs["c0"][generator.random(sizes[0]) < 0.3] = NAN
    found = source(**contigs)
    for name, values in found.contigs.items():
        for start in range(0, len(values), step):
            middle = min(start + step // 2, len(values) - 1)
            expected.append((name, middle, float(values[middle])))
    middles = tile_middles(found.lengths, step)
    patch = pytest.MonkeyPatch()
    with patch.context() as patched:
        patched.setattr(bins, "STEP", stretch)
        values = values_at(middles, found, step)
    places = zip(middles.contig_names().tolist(), middles.start.tolist(), strict=True)
    assert list(places) == [place[:2] for place in expected]
    assert np.array_equal(values, [place[2] for place in expected], equal_nan=True)
    assert (middles.end - middles.start == 1).all()
