import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqnet.metrics import binary_metrics, task_metrics


def naive_auroc(truth, scores):
    """The chance that a positive scores above a negative, ties counting half."""
    pairs = [(p > n) + 0.5 * (p == n) for p in scores[truth == 1] for n in scores[truth == 0]]
    return np.mean(pairs)


def naive_auprc(truth, scores):
    """Average precision: the precision at each distinct score, weighted by the recall gained."""
    total, before = 0.0, 0.0
    for cut in sorted(set(scores.tolist()), reverse=True):
        chosen = scores >= cut
        recall = truth[chosen].sum() / truth.sum()
        total += (recall - before) * truth[chosen].mean()
        before = recall
    return total


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 6)), min_size=2, max_size=60))
def test_metrics_equal_the_definitions_with_ties(rows):
    truth = np.array([float(t) for t, _ in rows])
    scores = np.array([float(s) for _, s in rows])
    found = binary_metrics("T", truth, scores)
    assert (found.n, found.positives) == (len(rows), truth.sum())
    assert found.base_rate == pytest.approx(truth.mean())
    if 0 < truth.sum() < len(rows):
        assert found.auroc == pytest.approx(naive_auroc(truth, scores))
        assert found.auprc == pytest.approx(naive_auprc(truth, scores))
    else:
        assert found.auroc is None
        assert found.auprc is None


def test_unknown_targets_are_left_out():
    truth = np.array([1, 0, np.nan, 1, 0])
    scores = np.array([0.9, 0.1, np.nan, 0.8, 0.85])
    assert binary_metrics("T", truth, scores) == binary_metrics(
        "T", truth[[0, 1, 3, 4]], scores[[0, 1, 3, 4]]
    )
    assert binary_metrics("T", np.array([np.nan]), np.array([0.5])).base_rate is None


def test_the_mean_stands_last_over_defined_tasks():
    targets = np.array([[1, 0], [0, 0], [1, 0]], dtype=float)
    rows = task_metrics(("A", "B"), targets, np.array([[0.9, 0.1], [0.2, 0.2], [0.1, 0.3]]))
    assert [row.task for row in rows] == ["A", "B", "mean"]
    assert rows[1].auroc is None
    assert rows[2].auroc == rows[0].auroc == 0.5
    assert (rows[2].n, rows[2].positives, rows[2].base_rate) == (3, 1, pytest.approx(1 / 3))
    assert [row.task for row in task_metrics(("A",), targets[:, :1], targets[:, :1])] == ["A"]


def test_what_cannot_be_judged_is_refused():
    with pytest.raises(ValueError, match="T has targets other than 0 and 1"):
        binary_metrics("T", np.array([0.0, 0.5]), np.array([0.1, 0.2]))
    with pytest.raises(ValueError, match="T has rows without a prediction"):
        binary_metrics("T", np.array([0.0, 1.0]), np.array([0.1, np.nan]))
