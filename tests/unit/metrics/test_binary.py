"""Every binary metric against scikit-learn, on random and on degenerate rows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as sk
from sklearn.calibration import calibration_curve

from seqnet.metrics import choose_threshold
from seqnet.metrics.binary import CALIBRATION_BINS, BinarySample, calibration_bins
from seqnet.metrics.registry import BINARY

rows = st.lists(st.tuples(st.booleans(), st.integers(0, 8), st.integers(0, 3)), min_size=2, max_size=80)


def sk_recall(truth, scores, fdr, weights=None):
    precision, recall, _ = sk.precision_recall_curve(truth, scores, sample_weight=weights)
    return recall[precision >= 1 - fdr - 1e-12].max()


def sk_ece(truth, scores):
    """The definition, bin by bin."""
    total = 0.0
    for low in range(CALIBRATION_BINS):
        inside = (scores * 10 >= low) & ((scores * 10 < low + 1) | (low == 9))
        if inside.any():
            total += abs(scores[inside].mean() - truth[inside].mean()) * inside.mean()
    return total


def check(found, truth, scores, threshold):
    called = scores >= threshold
    assert found["log_loss"] == pytest.approx(sk.log_loss(truth, scores, labels=[0, 1]))
    assert found["brier"] == pytest.approx(sk.brier_score_loss(truth, scores, labels=[0, 1]))
    assert found["ece"] == pytest.approx(sk_ece(truth, scores))
    if truth.any() or called.any():
        assert found["f1"] == pytest.approx(sk.f1_score(truth, called, zero_division=0))
    else:
        assert found["f1"] is None
    if 0 < truth.sum() < len(truth):
        assert found["auroc"] == pytest.approx(sk.roc_auc_score(truth, scores))
        assert found["auprc"] == pytest.approx(sk.average_precision_score(truth, scores))
        for percent in (5, 10, 20):
            expected = sk_recall(truth, scores, percent / 100)
            assert found[f"recall_at_{percent}_fdr"] == pytest.approx(expected)
        if 0 < called.sum() < len(called):
            assert found["mcc"] == pytest.approx(sk.matthews_corrcoef(truth, called))
        else:
            assert found["mcc"] is None
    else:
        ranked = ("auroc", "auprc", "recall_at_5_fdr", "recall_at_10_fdr", "recall_at_20_fdr", "mcc")
        assert [found[name] for name in ranked] == [None] * 6


@given(rows)
def test_every_metric_equals_scikit_learn_with_ties_and_one_class(drawn):
    truth = np.array([float(t) for t, _, _ in drawn])
    scores = np.array([s / 8 for _, s, _ in drawn])
    found = BinarySample("T", truth, scores, 0.5).values()
    assert list(found) == list(BINARY)
    check(found, truth, scores, 0.5)


@given(rows)
def test_weights_are_the_same_as_repeated_rows(drawn):
    truth = np.array([float(t) for t, _, _ in drawn])
    scores = np.array([s / 8 for _, s, _ in drawn])
    weights = np.array([w for _, _, w in drawn])
    if not weights.any():
        weights[0] = 1
    found = BinarySample("T", truth, scores, 0.5).values(weights.astype(float))
    repeated = np.repeat(truth, weights), np.repeat(scores, weights)
    assert found["n"] == weights.sum()
    check(found, *repeated, 0.5)


def test_many_rows_of_real_scores():
    generator = np.random.default_rng(3)
    truth = (generator.random(20_000) < 0.02).astype(float)
    scores = 1 / (1 + np.exp(-(generator.normal(size=20_000) + 2.5 * truth - 3)))
    check(BinarySample("T", truth, scores, 0.2).values(), truth, scores, 0.2)
    observed, predicted = calibration_curve(truth, scores, n_bins=10)
    sizes = np.bincount(calibration_bins(scores), minlength=10)
    expected = np.sum(np.abs(observed - predicted) * sizes[sizes > 0]) / len(truth)
    assert BinarySample("T", truth, scores, 0.2).values()["ece"] == pytest.approx(expected)


@pytest.mark.parametrize("constant", [0.0, 0.3, 1.0])
def test_constant_scores_are_chance(constant):
    truth = np.array([1.0, 0, 0, 1, 0])
    found = BinarySample("T", truth, np.full(5, constant), 0.3).values()
    check(found, truth, np.full(5, constant), 0.3)
    assert (found["auroc"], found["auprc"], found["recall_at_20_fdr"]) == (0.5, pytest.approx(0.4), 0)


def test_masked_rows_do_not_count_and_no_rows_have_no_metrics():
    truth = np.array([1, np.nan, 0, 1, np.nan])
    scores = np.array([0.9, np.nan, 0.2, 0.1, 0.4])
    found = BinarySample("T", truth, scores, 0.5).values()
    check(found, truth[[0, 2, 3]], scores[[0, 2, 3]], 0.5)
    nothing = BinarySample("T", np.full(3, np.nan), np.zeros(3), 0.5).values()
    assert {name for name, value in nothing.items() if value is not None} == {"n", "positives", "threshold"}


def test_scores_that_are_no_probabilities_are_ranked_but_not_calibrated():
    truth, scores = np.array([1.0, 0, 1]), np.array([12.5, -np.inf, 3])
    sample = BinarySample("T", truth, scores, None)
    found = sample.values()
    assert not sample.probabilities
    assert found["auroc"] == 1
    assert [found[name] for name in ("log_loss", "brier", "ece", "f1", "mcc", "threshold")] == [None] * 6
    ties = BinarySample("T", truth, np.array([-np.inf, -np.inf, 1]), None).values()
    assert ties["auroc"] == 0.75


@given(rows)
def test_the_threshold_chosen_has_the_best_f1(drawn):
    truth = np.array([float(t) for t, _, _ in drawn])
    scores = np.array([s / 8 for _, s, _ in drawn])
    found = choose_threshold(np.append(truth, np.nan), np.append(scores, 9.0))
    if not 0 < truth.sum() < len(truth):
        assert found is None
        return
    reached = {cut: sk.f1_score(truth, scores >= cut) for cut in set(scores.tolist())}
    best = max(reached.values())
    assert found == max(cut for cut, value in reached.items() if value == pytest.approx(best, abs=1e-12))
