"""Intervals, means, and kinds of negatives."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from seqnet.metrics.bootstrap import (
    FEWEST_BLOCKS,
    draws,
    genome_blocks,
    interval,
    mean_over_tasks,
    named_blocks,
)
from seqnet.metrics.evaluate import (
    Question,
    Resampling,
    against_kind,
    difference,
    evaluate_tasks,
    negative_kinds,
)
from seqnet.metrics.registry import METRICS


def simulated(generator, blocks, per_block=8, tasks=2, shift=1.0):
    """Rows whose scores share a deviation within their block, which is what makes them dependent."""
    truth = (generator.random((blocks, per_block, tasks)) < 0.4).astype(float)
    shared = 0.7 * generator.normal(size=(blocks, 1, tasks))
    scores = generator.normal(size=truth.shape) + shift * truth + shared * truth
    n = blocks * per_block
    return truth.reshape(n, tasks), scores.reshape(n, tasks), np.repeat(np.arange(blocks), per_block)


def test_blocks_are_stretches_of_a_contig():
    contig = np.array([0, 0, 0, 1, 0])
    start = np.array([0, 999_800, 999_900, 10, 1_999_000])
    blocks = genome_blocks(contig, start, start + 200)
    assert blocks[0] == blocks[1]
    assert len({blocks[0], blocks[2], blocks[3]}) == 3
    assert blocks[4] == blocks[2]
    assert len(set(genome_blocks(contig, start, start + 200, 500).tolist())) == 5
    assert named_blocks(["b", "a", "b"]).tolist() == [1, 0, 1]


def test_draws_are_seeded_and_whole():
    drawn = draws(50, 7)
    assert drawn.shape == (200, 50)
    assert (drawn.sum(axis=1) == 50).all()
    np.testing.assert_array_equal(drawn, draws(50, 7))
    assert (drawn != draws(50, 8)).any()


def test_an_interval_needs_defined_resamples():
    values = np.arange(200.0)
    assert interval(values) == pytest.approx((np.quantile(values, 0.025), np.quantile(values, 0.975)))
    values[:11] = np.nan
    assert interval(values) is None
    resampled = np.array([[[1.0, np.nan], [3.0, np.nan]]])
    np.testing.assert_array_equal(mean_over_tasks(resampled), [[2.0, np.nan]])


def test_fewer_than_thirty_blocks_give_no_interval():
    for blocks, given in ((FEWEST_BLOCKS - 1, False), (FEWEST_BLOCKS, True)):
        truth, scores, block = simulated(np.random.default_rng(0), blocks)
        found = evaluate_tasks(("A", "B"), truth, scores, Question(), Resampling(block))
        assert (found.interval("mean", "auroc") is not None) == given
        assert found.blocks == blocks
        assert found.interval("A", "auroc") is None
    each = evaluate_tasks(("A", "B"), truth, scores, Question(), Resampling(block, per_task=True))
    low, high = each.interval("A", "auroc")
    assert low < each.rows[0]["auroc"] < high
    assert each.interval("mean", "auroc") == found.interval("mean", "auroc")
    assert each.interval("A", "n") is None


def test_resampled_means_equal_rows_repeated():
    truth, scores, block = simulated(np.random.default_rng(5), 30)
    found = evaluate_tasks(("A", "B"), truth, scores, Question(), Resampling(block, seed=3))
    times = draws(30, 3)[0][block].astype(int)
    expected = np.mean(
        [roc_auc_score(np.repeat(truth[:, t], times), np.repeat(scores[:, t], times)) for t in (0, 1)]
    )
    assert found.resampled[0, list(METRICS["binary"]).index("auroc")] == pytest.approx(expected)


@pytest.mark.slow
def test_intervals_cover_at_the_nominal_rate():
    """95 % intervals hold the true value in 92 to 98 % of experiments, where blocks are independent."""
    true = np.mean(
        [
            roc_auc_score(t.ravel(), s.ravel())
            for t, s, _ in (simulated(np.random.default_rng([1, i]), 20_000, tasks=1) for i in range(3))
        ]
    )
    experiments = 300
    held = 0
    for number in range(experiments):
        truth, scores, block = simulated(np.random.default_rng([2, number]), 60, tasks=1)
        by_block = evaluate_tasks(("A",), truth, scores, Question(), Resampling(block, seed=number))
        low, high = by_block.interval("A", "auroc")
        held += low <= true <= high
    assert 0.92 <= held / experiments <= 0.98


def test_differences_are_paired():
    truth, scores, block = simulated(np.random.default_rng(2), 40)
    ours = evaluate_tasks(("A", "B"), truth, scores, Question(), Resampling(block))
    same, between = difference(ours, ours, "auroc")
    assert (same, between) == (0, (0, 0))
    noisy = scores + np.random.default_rng(3).normal(size=scores.shape)
    theirs = evaluate_tasks(("A", "B"), truth, noisy, Question(), Resampling(block))
    higher, (low, high) = difference(ours, theirs, "auroc")
    assert low < higher < high
    ours_low, ours_high = ours.interval("mean", "auroc")
    assert high - low < ours_high - ours_low
    assert difference(ours, evaluate_tasks(("A", "B"), truth, noisy, Question()), "auroc")[1] is None


def test_kinds_of_negatives_stand_apart():
    names = ["chr1:0-5", "neg_gc:chr1:9-14", "neg_shuf:x", "chr1:20-25"]
    kinds = negative_kinds(names)
    assert kinds.tolist() == ["other regions", "neg_gc", "neg_shuf", "other regions"]
    targets = np.array([[1.0], [0], [0], [0]])
    np.testing.assert_array_equal(against_kind(targets, kinds, "neg_gc"), [[1], [0], [np.nan], [np.nan]])
    np.testing.assert_array_equal(
        against_kind(targets, kinds, "other regions"), [[1], [np.nan], [np.nan], [0]]
    )


def test_the_mean_is_over_tasks_where_a_metric_is_defined():
    truth = np.array([[1.0, 0], [0, 0], [1, 0]])
    found = evaluate_tasks(("A", "B"), truth, np.array([[0.9, 0.1], [0.2, 0.2], [0.1, 0.3]]), Question())
    assert found.names == ("A", "B", "mean")
    assert found.rows[1]["auroc"] is None
    assert found.summary["auroc"] == found.rows[0]["auroc"] == 0.5
    alone = evaluate_tasks(("A",), truth[:, :1], truth[:, :1], Question(thresholds={"A": 0.5}))
    assert alone.names == ("A",)
    assert alone.summary["f1"] == 1


def test_classes_and_regressions_have_intervals_too():
    generator = np.random.default_rng(0)
    block = np.repeat(np.arange(40), 5)
    numbers = generator.normal(size=(200, 1))
    found = evaluate_tasks(
        ("T",), numbers, numbers + generator.normal(size=(200, 1)), Question("regression"), Resampling(block)
    )
    low, high = found.interval("T", "pearson")
    assert low < found.summary["pearson"] < high
    truth = np.eye(3)[generator.integers(0, 3, 200)]
    scores = truth + generator.random((200, 3))
    judged = evaluate_tasks(
        ("a", "b", "c"), truth, scores, Question("multiclass"), Resampling(block, per_task=True)
    )
    low, high = judged.interval("mean", "accuracy")
    assert low <= judged.summary["accuracy"] <= high
    assert judged.interval("b", "auroc") is not None
    assert judged.confusion.sum() == 200
