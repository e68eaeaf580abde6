"""Denoised tracks in their units: bounded by what the training windows reach, and counted."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqnet.genome.signals.tracks import Constants, Signal
from seqnet.inference.track_units import Range, TrackUnits, restored_range, stored_output

SIGNAL = Signal("deep", Constants(None, "asinh", 0.75, 0.125), 0, 0.0)
NUMBERS = st.floats(-1e6, 1e6, width=32)


def undone(outputs):
    """Values of outputs, plainly."""
    return np.sinh(outputs.astype(np.float64) / 0.125 + 0.75)


@given(
    st.lists(NUMBERS, min_size=2, max_size=9), st.lists(st.floats(-30, 30, width=32), min_size=1, max_size=30)
)
def test_values_stay_within_half_again_of_the_training_values(trained, drawn):
    known = Range.of(np.array(trained, dtype=np.float32))
    outputs = np.array(drawn, dtype=np.float32)[:, None]
    units = TrackUnits([SIGNAL], [known])
    found = units.values(outputs)[:, 0].astype(np.float64)
    largest, least = max(trained), min(trained)
    assert (found <= max(0, 1.5 * largest)).all()
    assert (found >= min(0, 1.5 * least)).all()
    low, high = known.limits
    with np.errstate(over="ignore"):
        plain = undone(outputs[:, 0])
        np.testing.assert_allclose(found, np.clip(plain, low, high), rtol=2e-6, atol=1e-30)
        single = plain.astype(np.float32)
    counted = int((single > high).sum()) + int((single < low).sum())
    assert sum(int(text.split()[1]) for _, text in units.said()) == pytest.approx(counted, abs=1)


def test_tracks_without_negative_values_have_none_and_it_is_said():
    units = TrackUnits([SIGNAL], [Range(0.0, 100.0)])
    outputs = np.array([-1.0, 0.0, 5.0, np.nan, np.inf, -np.inf, 0.5], dtype=np.float32)
    found = units.values(outputs[:, None])[:, 0]
    assert found[[0, 2]].tolist() == [0.0, 150.0]
    assert np.isnan(found[3])  # what is no number is another's to refuse, or to leave out
    assert np.isinf(found[4:6]).all()
    assert not np.signbit(found[:3]).any()
    assert units.said() == [
        (True, "deep: 1 of 7 bins were above 150 (1.5 times the furthest training value) and are set to it"),
        (False, "deep: 1 of 7 bins were below 0 and are set to it"),
    ]


def test_models_without_a_range_bound_nothing():
    entry = SIGNAL.stored()
    assert restored_range(entry) is None
    outputs = np.array([[-1.0], [3.0]], dtype=np.float32)
    units = TrackUnits([SIGNAL], [None])
    np.testing.assert_allclose(units.values(outputs), undone(outputs), rtol=1e-6)
    assert units.said() == []


def test_a_range_comes_back_from_a_header_and_one_that_is_none_is_named():
    entry = stored_output(SIGNAL, Range(-1.0, 2.5))
    assert Signal.restored(entry) == SIGNAL
    assert restored_range(entry) == Range(-1.0, 2.5)
    for wrong in ([1], ["0", "1"], [2, 1], [0, float("inf")], 3, [True, 2]):
        with pytest.raises(
            ValueError, match=r"the range of deep is .*; expected two numbers, the lower first"
        ):
            restored_range({**entry, "range": wrong})
