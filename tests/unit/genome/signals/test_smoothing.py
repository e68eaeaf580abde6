"""Gaussian smoothing of binned tracks, next to numpy's convolution, scipy's filter and least squares."""

from itertools import pairwise

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter1d

from seqnet.genome.signals.smoothing import WIDTHS, Smoother, fit_smoother, gaussian_weights, smoothed

EDGES = np.array([0, 40, 40, 41, 300])


def values(seed=1):
    return np.random.default_rng(seed).gamma(0.5, 4, EDGES[-1])


@pytest.mark.parametrize("width", [0, 0.1, 0.5, 1.4, 4.0, 32.0])
def test_each_contig_is_smoothed_by_itself_as_numpy_and_scipy_do(width):
    track = values().astype(np.float32)
    found = smoothed(track, EDGES, width)
    for begin, end in pairwise(EDGES):
        if begin == end:
            continue
        part, weights = track[begin:end].astype(float), gaussian_weights(width)
        reach = len(weights) // 2
        naive = np.convolve(part, weights)[reach : reach + len(part)]
        np.testing.assert_allclose(found[begin:end], naive, rtol=1e-12, atol=1e-12)
        if width:
            filtered = gaussian_filter1d(part, width, mode="constant", truncate=4.0)
            np.testing.assert_allclose(found[begin:end], filtered, rtol=1e-10, atol=1e-12)
    assert found.dtype == np.float64


def test_the_chosen_smoother_is_the_best_of_all_widths_by_least_squares():
    track = values()
    truth = 7 * smoothed(track, EDGES, 2.8) + np.random.default_rng(2).normal(0, 0.5, len(track))
    rows = np.random.default_rng(3).random(len(track)) < 0.6
    errors, scales = [], []
    for width in WIDTHS:
        column = smoothed(track, EDGES, width)[rows, None]
        scale, error, *_ = np.linalg.lstsq(column, truth[rows], rcond=None)
        errors.append(error[0])
        scales.append(scale[0])
    found = fit_smoother(track, truth, EDGES, rows)
    assert found.width == WIDTHS[int(np.argmin(errors))] == 2.8
    assert found.scale == pytest.approx(scales[int(np.argmin(errors))], rel=1e-12)
    np.testing.assert_allclose(found.apply(track, EDGES), found.scale * smoothed(track, EDGES, found.width))


def test_a_width_of_zero_fits_the_factor_alone():
    track = values()
    assert fit_smoother(track, 10 * track, EDGES, widths=(0,)) == (0, pytest.approx(10))


def test_a_track_of_zeros_gives_zeros():
    assert fit_smoother(np.zeros(5), np.ones(5), np.array([0, 5])) == Smoother(0, 0)
    assert smoothed(np.empty(0), np.zeros(1, dtype=int), 2).tolist() == []
