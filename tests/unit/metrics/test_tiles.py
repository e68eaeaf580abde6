"""Genome-wide figures by hand, with weights, and their intervals against resampling row by row."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from seqnet.metrics.bootstrap import draws
from seqnet.metrics.tiles import Resamples, TileMetrics, mean_tiles, resampled_auprc, tile_metrics


def test_tiles_that_are_left_out_count_nowhere_and_background_is_weighted():
    truth = np.array([1, 0, 1, 0, 1, 0, 1, 0], dtype=bool)
    scores = np.array([0.9, 0.8, 0.7, 0.6, 0.95, 0.5, 0.99, 0.4])
    kept = np.array([1, 1, 1, 1, 0, 1, 0, 1], dtype=bool)
    found, drawn = tile_metrics("T", truth, scores, kept, weighted=True)
    # 2 of 4 positives are left: each of 4 background tiles counts half
    assert (found.n, found.positives, found.left_out, found.background_weight) == (6, 2, 2, 0.5)
    assert found.base_rate == pytest.approx(2 / (2 + 0.5 * 4))
    assert found.auprc == pytest.approx(0.5 * 1 + 0.5 * 2 / 2.5)
    assert found.unweighted_auprc == pytest.approx(0.5 * 1 + 0.5 * 2 / 3)
    assert found.unweighted_base_rate == pytest.approx(2 / 6)
    assert found.auroc == pytest.approx(7 / 8)
    assert len(drawn) == 0
    plain, _ = tile_metrics("T", truth, scores, kept, weighted=False)
    assert (plain.auprc, plain.background_weight) == (plain.unweighted_auprc, 1)


def test_nothing_left_is_no_figure():
    truth, scores = np.array([True, False]), np.array([0.2, 0.1])
    for kept in ([False, False], [False, True]):
        found, _ = tile_metrics("T", truth, scores, np.array(kept), weighted=True)
        assert (found.auprc, found.auroc) == (None, None)
        assert found.positives == 0


@pytest.mark.parametrize("weight", [1.0, 0.3])
def test_resampled_figures_equal_those_of_the_rows_drawn(weight, monkeypatch):
    monkeypatch.setattr("seqnet.metrics.tiles._THRESHOLDS", 7)
    generator = np.random.default_rng(0)
    n, blocks = 400, 35
    truth = generator.random(n) < 0.15
    scores = generator.integers(0, 40, n) / 40  # with ties
    block = generator.integers(0, blocks, n)
    often = draws(blocks, 1, 20).astype(float)
    found = resampled_auprc(truth, scores, block, often, weight)
    for value, row in zip(found, often, strict=True):
        expected = average_precision_score(
            truth, scores, sample_weight=row[block] * np.where(truth, 1, weight)
        )
        assert value == pytest.approx(expected)


def test_intervals_hold_the_figure_and_need_thirty_blocks():
    generator = np.random.default_rng(3)
    truth = generator.random(3000) < 0.1
    scores = truth * 0.5 + generator.random(3000)
    every = np.ones(3000, dtype=bool)
    for blocks, given in ((29, False), (60, True)):
        resamples = Resamples(np.arange(3000) * blocks // 3000, blocks, 0)
        found, drawn = tile_metrics("T", truth, scores, every, weighted=False, resamples=resamples)
        assert (found.auprc_low is not None) == given
        assert len(drawn) == 200 * given
    assert found.auprc_low < found.auprc < found.auprc_high
    mean = mean_tiles([found, found], [drawn, drawn])
    assert (mean.task, mean.auprc) == ("mean", found.auprc)
    assert (mean.auprc_low, mean.auprc_high) == (found.auprc_low, found.auprc_high)


def test_the_mean_leaves_out_tasks_without_a_figure():
    rows = [TileMetrics("A", 10, 1, 0.1, 0.5, 0.4), TileMetrics("B", 10, 0, 0.0, None, None)]
    assert mean_tiles(rows, [np.empty(0)] * 2)[:6] == ("mean", 10, 0.5, 0.05, 0.5, 0.4)
