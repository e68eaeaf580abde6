"""Regression, counts and classes against scikit-learn and scipy."""

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn import metrics as sk

from seqnet.metrics.multiclass import MulticlassSample, class_rows
from seqnet.metrics.registry import COUNT_TARGETS, MULTICLASS, REGRESSION
from seqnet.metrics.regression import RegressionSample

pairs = st.lists(st.tuples(st.integers(0, 5), st.integers(1, 5), st.integers(0, 3)), min_size=2, max_size=60)


def check(found, truth, scores, prefix=""):
    if not len(truth):
        assert all(found[f"{prefix}{name}"] is None for name in ("pearson", "spearman", "r2", "mse"))
        return
    assert found[f"{prefix}mse"] == pytest.approx(sk.mean_squared_error(truth, scores))
    if len(set(truth)) > 1:
        assert found[f"{prefix}r2"] == pytest.approx(sk.r2_score(truth, scores))
    else:
        assert found[f"{prefix}r2"] is None
    if len(set(truth)) > 1 and len(set(scores)) > 1:
        assert found[f"{prefix}pearson"] == pytest.approx(stats.pearsonr(truth, scores)[0], abs=1e-9)
        assert found[f"{prefix}spearman"] == pytest.approx(stats.spearmanr(truth, scores)[0], abs=1e-9)
    else:
        assert found[f"{prefix}pearson"] is None
        assert found[f"{prefix}spearman"] is None


@given(pairs)
def test_regression_equals_scipy_with_ties_and_constants(drawn):
    truth, scores = (np.array([row[i] for row in drawn], dtype=float) for i in (0, 1))
    peaks = truth > 2
    found = RegressionSample("T", truth, scores, peaks, counts=True, asinh=True).values()
    assert list(found) == list(COUNT_TARGETS)
    check(found, truth, scores)
    scaled = {
        name.removeprefix("asinh_"): value for name, value in found.items() if name.startswith("asinh_")
    }
    assert list(scaled) == ["pearson", "r2", "mse"]
    check({**scaled, "spearman": found["spearman"]}, np.arcsinh(truth), np.arcsinh(scores))
    check(found, truth[peaks], scores[peaks], "peak_")
    assert found["peak_n"] == peaks.sum()
    assert found["poisson_deviance"] == pytest.approx(sk.mean_poisson_deviance(truth, scores))


@given(pairs)
def test_weights_are_the_same_as_repeated_rows(drawn):
    truth, scores, weights = (np.array([row[i] for row in drawn], dtype=float) for i in (0, 1, 2))
    if not weights.any():
        weights[0] = 2
    times = weights.astype(int)
    found = RegressionSample("T", truth, scores, truth > 2, counts=True).values(weights)
    repeated = np.repeat(truth, times), np.repeat(scores, times)
    check(found, *repeated)
    inside = repeated[0] > 2
    check(found, repeated[0][inside], repeated[1][inside], "peak_")
    assert found["poisson_deviance"] == pytest.approx(sk.mean_poisson_deviance(*repeated))


def test_masked_rows_and_real_numbers():
    generator = np.random.default_rng(1)
    truth = generator.lognormal(size=5000)
    scores = truth + generator.normal(size=5000)
    truth[::7] = np.nan
    known = ~np.isnan(truth)
    found = RegressionSample("T", truth, scores, None).values()
    # without peaks, and not of a track: neither figures in peaks nor of the asinh scale
    assert list(found) == [name for name in REGRESSION if not name.startswith(("peak_", "asinh_"))]
    check(found, truth[known], scores[known])


def test_what_cannot_be_judged_is_refused():
    with pytest.raises(ValueError, match="T has rows without a prediction"):
        RegressionSample("T", np.zeros(2), np.array([1, np.nan]), None)
    with pytest.raises(ValueError, match="T has infinite predictions"):
        RegressionSample("T", np.zeros(2), np.array([1, np.inf]), None)
    with pytest.raises(ValueError, match="T has negative targets"):
        RegressionSample("T", np.array([-1.0]), np.ones(1), None, counts=True)


@given(st.lists(st.tuples(st.integers(0, 2), st.tuples(*[st.integers(1, 9)] * 3)), min_size=1, max_size=40))
def test_classes_equal_scikit_learn(drawn):
    truth = np.array([row[0] for row in drawn])
    scores = np.array([row[1] for row in drawn], dtype=float)
    scores /= scores.sum(axis=1, keepdims=True)
    sample = MulticlassSample(("a", "b", "c"), np.eye(3)[truth], scores)
    *rows, total = sample.values()
    called = scores.argmax(axis=1)
    assert list(total) == list(MULTICLASS)
    assert total["accuracy"] == pytest.approx(sk.accuracy_score(truth, called))
    assert total["log_loss"] == pytest.approx(sk.log_loss(truth, scores, labels=[0, 1, 2]))
    np.testing.assert_array_equal(sample.confusion(), sk.confusion_matrix(truth, called, labels=[0, 1, 2]))
    assert total["f1"] == pytest.approx(sk.f1_score(truth, called, average="macro"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        precision, recall, f1, support = sk.precision_recall_fscore_support(
            truth, called, labels=[0, 1, 2], zero_division=np.nan
        )
    for column, row in enumerate(rows):
        for name, expected in (("precision", precision), ("recall", recall), ("f1", f1)):
            if np.isnan(expected[column]):
                assert row[name] is None
            else:
                assert row[name] == pytest.approx(expected[column])
        assert row["positives"] == support[column]
        if 0 < support[column] < len(truth):
            assert row["auroc"] == pytest.approx(sk.roc_auc_score(truth == column, scores[:, column]))


def test_classes_need_one_1_and_unknown_rows_are_left_out():
    targets = np.array([[1.0, 0], [np.nan, np.nan], [0, 1]])
    assert class_rows(targets).tolist() == [0, -1, 1]
    scores = np.array([[0.9, 0.1], [np.nan, np.nan], [0.8, 0.2]])
    total = MulticlassSample(("a", "b"), targets, scores).values()[-1]
    assert (total["n"], total["accuracy"]) == (2, 0.5)
    with pytest.raises(ValueError, match="row 2 is not of one class"):
        class_rows(np.array([[1.0, 0], [1, 1]]))
