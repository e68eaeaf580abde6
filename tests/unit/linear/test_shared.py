"""Linear models of many tasks with one penalty, against scikit-learn's, one task at a time."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, Ridge

from seqnet.linear.shared import fit_shared, gram_ridge, relative_loss


def data(seed=0, n=300, d=12, tasks=3):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, d)).astype("f4")
    logits = x @ rng.normal(size=(d, tasks)) - [0, 1, 2]
    return x, logits, (rng.random(logits.shape) < 1 / (1 + np.exp(-logits))).astype("f8")


@pytest.mark.parametrize("penalty", [0.3, 0.01])
def test_logistic_regressions_are_scikit_learns(penalty):
    x, _, y = data()
    y[:40, 1] = np.nan
    found = fit_shared("bce", (x, y), (x, y), [penalty])
    for task in range(3):
        known = ~np.isnan(y[:, task])
        one = LogisticRegression(C=1 / (penalty * known.sum()), tol=1e-10, max_iter=1000)
        one.fit(x[known], y[known, task])
        np.testing.assert_allclose(found.weights[task], one.coef_[0], atol=2e-3)
        assert found.bias[task] == pytest.approx(one.intercept_[0], abs=2e-3)


@pytest.mark.parametrize("penalty", [1.0, 0.003])
def test_ridge_regressions_are_scikit_learns(penalty):
    x, y, _ = data(seed=1)
    found = fit_shared("mse", (x + 3, y), (x + 3, y), [penalty])
    one = Ridge(alpha=penalty * len(x)).fit(x + 3, y)
    np.testing.assert_allclose(found.weights, one.coef_, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(found.bias, one.intercept_, rtol=1e-4)


def test_unknown_targets_of_ridge_regressions_are_the_mean():
    x, y, _ = data(seed=2)
    y[::5, 0] = np.nan
    filled = np.where(np.isnan(y), np.nanmean(y, axis=0), y)
    one, other = (fit_shared("mse", (x, targets), (x, y), [0.1]) for targets in (y, filled))
    np.testing.assert_allclose(one.weights, other.weights, atol=1e-12)


@pytest.mark.parametrize("loss", ["bce", "mse"])
def test_the_penalty_that_does_best_on_other_rows_is_taken(loss):
    rng = np.random.default_rng(3)
    x, valid = rng.normal(size=(2, 60, 50)).astype("f4")
    y, held = ((part[:, :1] + rng.normal(size=(60, 1)) > 0).astype("f8") for part in (x, valid))
    tried = (1.0, 0.1, 1e-3, 1e-4)
    found = fit_shared(loss, (x, y), (valid, held), tried)
    losses = [fit_shared(loss, (x, y), (valid, held), [one]).valid_loss for one in tried]
    assert found.penalty == tried[int(np.argmin(losses))]
    assert found.valid_loss == pytest.approx(min(losses), rel=1e-3)


def test_without_known_validation_rows_the_middle_penalty_is_taken():
    x, y, _ = data(seed=4)
    assert fit_shared("mse", (x, y), (x[:0], y[:0]), (3.0, 1.0, 0.3)).penalty == 1.0


def test_losses_are_relative_to_the_training_mean():
    train = np.array([[0.0], [0.0], [0.0], [1.0]])
    assert relative_loss("bce", np.full((4, 1), np.log(1 / 3)), train, train) == pytest.approx(1)
    assert relative_loss("mse", np.full((4, 1), 0.25), train, train) == pytest.approx(1)
    assert relative_loss("mse", train, train, train) == 0


def test_dual_weights_give_the_primal_ridge_regression():
    x, y, _ = data(seed=5, n=80, d=200)
    middle = x - x.mean(axis=0)
    unit = np.trace(middle @ middle.T) / len(x)
    for penalty, dual in zip((3.0, 0.1), gram_ridge(x @ x.T, y, (3.0, 0.1)), strict=True):
        one = Ridge(alpha=penalty * unit).fit(x, y)
        np.testing.assert_allclose((x.T @ dual).T, one.coef_, atol=1e-4)
