"""Linear functions of k-mers under edits equal those of windows that are counted again."""

import numpy as np
import pytest

from seqnet.kernels.word_edits import Edits
from seqnet.kmers.columns import make_columns
from seqnet.kmers.counting import count_codes
from seqnet.kmers.edits import KmerFunction
from seqnet.kmers.settings import GAPPED, NORMALIZATIONS, KmerSettings

ROUNDED = ("sqrt", "log", "counts")
"""Normalisations whose features are the same float32 numbers here and there."""


def function_of(patterns, strands, normalize, hash_bits=0):
    settings = KmerSettings(patterns, strands, normalize, hash_bits)
    features = make_columns(settings).features
    rng = np.random.default_rng(2)
    if normalize == "z":
        constants = rng.normal(size=features), rng.uniform(0.5, 2, features)
        settings = settings._replace(
            mean=tuple(constants[0].tolist()), deviation=tuple(constants[1].tolist())
        )
    return KmerFunction(settings, rng.normal(size=(2, features)))


def counted(function, codes):
    """The function by whole featurisation, (n, T)."""
    return count_codes(codes, function.settings).astype(np.float64) @ function.weights.T


@pytest.mark.parametrize("normalize", NORMALIZATIONS)
@pytest.mark.parametrize(
    ("patterns", "strands", "bits"),
    [(GAPPED, "both", 0), (("1101", "111"), "forward", 0), (("1101", "11"), "both", 4)],
    ids=["gapped", "forward", "hashed"],
)
def test_edits_are_those_of_windows_counted_again(patterns, strands, bits, normalize):
    if patterns == GAPPED and normalize == "z":
        patterns = ("1111", "101")  # z is for few features
    function = function_of(patterns, strands, normalize, bits)
    rng = np.random.default_rng(1)
    windows = rng.integers(0, 4, (3, 45)).astype(np.uint8)
    windows[0, 10] = windows[1, 0] = windows[1, 44] = 4
    windows[2] = np.tile([0, 1], 23)[:45]  # the same words again and again
    places, letters = (part.reshape(-1) for part in np.meshgrid(np.arange(45), np.arange(5), indexing="ij"))
    edits = Edits(np.arange(4) * 225, np.tile(places, 3), np.tile(letters, 3).astype(np.uint8))
    found = function.edited(windows, edits)
    edited = np.repeat(windows, 225, axis=0)
    edited[np.arange(675), edits.places] = edits.letters
    exact = 1e-12 if normalize in ROUNDED else 2e-6
    wholes = counted(function, windows)
    np.testing.assert_allclose(found.wholes, wholes, atol=30 * exact)
    expected = counted(function, edited) - np.repeat(wholes, 225, axis=0)
    np.testing.assert_allclose(found.changes, expected, atol=30 * exact)
    assert np.abs(found.changes).max() > 0.01


def test_threads_change_nothing():
    function = function_of(GAPPED, "both", "sqrt")
    windows = np.random.default_rng(0).integers(0, 4, (7, 30)).astype(np.uint8)
    edits = Edits(np.arange(8) * 2, np.arange(14) * 2, np.full(14, 2, np.uint8))
    one, three = function.edited(windows, edits), function.edited(windows, edits, threads=3)
    np.testing.assert_array_equal(one.wholes, three.wholes)
    np.testing.assert_array_equal(one.changes, three.changes)
    none = function.edited(windows[:0], Edits(np.zeros(1, np.int64), edits.places[:0], edits.letters[:0]))
    assert none.wholes.shape == none.changes.shape == (0, 2)
