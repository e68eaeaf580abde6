from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from seqnet.errors import SeqnetError
from seqnet.genome.intervals import make_intervals
from seqnet.genome.signals import tracks
from seqnet.genome.signals.layout import needed_stretches, whole_contigs
from seqnet.genome.signals.tracks import Constants, Normalisation, fit_normalisation, load_track, normalised


class Source(NamedTuple):
    """A track held in a dict."""

    contigs: dict[str, np.ndarray]

    @property
    def lengths(self):
        return {name: len(values) for name, values in self.contigs.items()}

    def values(self, contig, start, end):
        assert 0 <= start < end <= len(self.contigs[contig])
        return self.contigs[contig][start:end]

    def values_of(self, contigs, starts, ends):
        return np.concatenate([self.values(*place) for place in zip(contigs, starts, ends, strict=True)])


def source(**contigs):
    return Source({name: np.array(values, dtype=np.float32) for name, values in contigs.items()})


NAN = float("nan")
LENGTHS = {"a": 5, "b": 3}


def test_gaps_become_what_missing_says():
    found = source(a=[1, NAN, 3, 4, 5], b=[6, 7, NAN])
    whole = whole_contigs(LENGTHS)
    for missing in (None, "zero"):
        track = load_track("t", found, whole, missing=missing)
        assert track.values.tolist() == [1, 0, 3, 4, 5, 6, 7, 0]
        assert track.values.dtype == np.float32
        assert track.found == (2, ())
    kept = load_track("t", found, whole, missing="nan")
    assert np.array_equal(kept.values, [1, NAN, 3, 4, 5, 6, 7, NAN], equal_nan=True)
    assert kept.found.gaps == 2
    with pytest.raises(SeqnetError, match=r"t: no value at a:1 \(see --signal-missing\)"):
        load_track("t", found, whole, missing="error")


def test_absent_contigs_are_an_error_unless_told_otherwise():
    found = source(a=[1, 2, 3, 4, 5])
    whole = whole_contigs(LENGTHS)
    for missing in (None, "error"):
        with pytest.raises(SeqnetError, match=r"t: has no b; it has a \(see --signal-missing\)"):
            load_track("t", found, whole, missing=missing)
    track = load_track("t", found, whole, missing="zero")
    assert track.values.tolist() == [1, 2, 3, 4, 5, 0, 0, 0]
    assert track.found == (0, ("b",))
    assert np.isnan(load_track("t", found, whole, missing="nan").values[5:]).all()


def test_only_what_is_needed_is_read():
    class Counting(Source):
        asked = 0

        def values(self, contig, start, end):
            type(self).asked += end - start
            return super().values(contig, start, end)

    found = Counting(source(a=[1, 2, 3, 4, 5], b=[6, 7, 8]).contigs)
    layout = needed_stretches(make_intervals(["a", "a"], [1, 2], [3, 4]), LENGTHS)
    assert load_track("t", found, layout).values.tolist() == [2, 3, 4]
    assert Counting.asked == 3


def test_long_contigs_are_read_in_steps(monkeypatch):
    monkeypatch.setattr(tracks, "STEP", 2)
    found = source(a=[1, NAN, 3, 4, 5], b=[6, 7, 8])
    assert load_track("t", found, whole_contigs(LENGTHS)).values.tolist() == [1, 0, 3, 4, 5, 6, 7, 8]
    with pytest.raises(SeqnetError, match="infinite"):
        load_track("t", source(a=[1, 2, 3, np.inf, 5], b=[1, 1, 1]), whole_contigs(LENGTHS))


def test_bad_tracks_are_refused():
    with pytest.raises(SeqnetError, match="t: the value at a:3 is infinite"):
        load_track("t", source(a=[1, 2, 3, -np.inf, 5], b=[1, 1, 1]), whole_contigs(LENGTHS))
    with pytest.raises(SeqnetError, match="t: b has 4 bases, 3 in the genome"):
        load_track("t", source(a=[1, 2, 3, 4, 5], b=[1, 1, 1, 1]), whole_contigs(LENGTHS))
    large = source(a=[1, 2, 3, 70_000, 5], b=[1, 1, 1])
    with pytest.raises(SeqnetError, match="a value on a is too large for 16 bits"):
        load_track("t", large, whole_contigs(LENGTHS), half=True)
    assert (
        load_track("t", source(a=[1] * 5, b=[2] * 3), whole_contigs(LENGTHS), half=True).values.dtype == "f2"
    )


VALUES = hnp.arrays(np.float32, 8, elements=st.integers(0, 8000).map(lambda eighths: eighths / 8))
TRANSFORMS = {
    "none": lambda x: x,
    "asinh": lambda x: np.log(x + np.sqrt(x * x + 1)),
    "log1p": lambda x: np.log(1 + x),
}


@given(
    VALUES,
    st.sampled_from([1.0, 0.9, 0.5]),
    st.sampled_from(list(TRANSFORMS)),
    st.sampled_from(["none", "z", "max", "library"]),
)
def test_normalisation_equals_its_definition(values, clip, transform, scale):
    found = Source({"a": values[:5], "b": values[5:]})
    track = load_track("t", found, whole_contigs(LENGTHS))
    # the training regions overlap, one of them passes the end: each base counts once
    regions = make_intervals(["a", "a", "b"], [-2, 1, 2], [3, 4, 9])
    train = np.concatenate([values[:4], values[7:]]).astype(np.float64)
    ceiling = np.quantile(train, clip)
    trained = TRANSFORMS[transform](np.minimum(train, ceiling))
    expected = TRANSFORMS[transform](np.minimum(values.astype(np.float64), ceiling if clip < 1 else np.inf))
    if scale == "z":
        expected = expected - trained.mean()
    spread = {"none": 1, "z": trained.std(), "max": trained.max(), "library": trained.mean()}[scale]
    if spread > (np.finfo(np.float32).eps * np.abs(trained).max() if scale == "z" else 0):
        expected = expected / spread
    constants = fit_normalisation(track, regions, Normalisation(clip, transform, scale))
    result = normalised(track, constants)
    tolerance = 1e-4 * max(1.0, float(np.abs(expected).max()))
    assert result.values == pytest.approx(expected, abs=tolerance)
    assert result.values.dtype == np.float32


def test_a_spread_that_float32_cannot_tell_from_none_leaves_a_track_as_it_is():
    track = load_track("t", source(a=[1e-45, 0, 0, 0, 0], b=[0, 0, 0]), whole_contigs(LENGTHS))
    constants = fit_normalisation(track, make_intervals(["a"], [0], [5]), Normalisation(scale="z"))
    assert constants.factor == 1
    assert np.isfinite(normalised(track, constants).values).all()


def test_gaps_count_for_nothing_and_stay():
    track = load_track("t", source(a=[1, NAN, 3, NAN, 5], b=[0, 0, 0]), whole_contigs(LENGTHS), missing="nan")
    constants = fit_normalisation(track, make_intervals(["a"], [0], [5]), Normalisation(scale="z"))
    assert constants.center == 3
    assert np.isnan(normalised(track, constants).values[[1, 3]]).all()
    assert constants == Constants(None, "none", 3.0, pytest.approx(1 / np.std([1, 3, 5])))


def test_what_cannot_be_normalised_is_refused():
    track = load_track(
        "t", source(a=[-1, NAN, 3, 4, 5], b=[NAN, NAN, NAN]), whole_contigs(LENGTHS), missing="nan"
    )
    with pytest.raises(SeqnetError, match="t: has no value in the training regions"):
        fit_normalisation(track, make_intervals(["b"], [0], [3]), Normalisation())
    with pytest.raises(SeqnetError, match="log1p needs values above -1; the lowest is -1"):
        fit_normalisation(track, make_intervals(["a"], [0], [3]), Normalisation(transform="log1p"))


@given(VALUES, st.sampled_from(list(TRANSFORMS)))
def test_center_max_is_undone(values, transform):
    values[0] = 3  # something to divide by
    found = Source({"a": values[:5], "b": values[5:]})
    track = load_track("t", found, whole_contigs(LENGTHS))
    everything = make_intervals(["a", "b"], [0, 0], [5, 3])
    constants = fit_normalisation(track, everything, Normalisation(1.0, transform, "center-max"))
    moved = TRANSFORMS[transform](values.astype(np.float64))
    result = normalised(track, constants).values
    assert result == pytest.approx((moved - moved.mean()) / moved.max(), abs=1e-5)
    assert constants.undo(result) == pytest.approx(values, rel=1e-3, abs=1e-3)
