import numpy as np
import pytest
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from seqnet.training.linear import fit_linear, log_loss, logistic_regression


def problem(seed=0, n=300, d=12):
    generator = np.random.default_rng(seed)
    features = generator.poisson(1.0, (n, d)).astype(np.float64)
    weights = generator.normal(0, 1, d)
    targets = (generator.random(n) < 1 / (1 + np.exp(-(features @ weights - 1)))).astype(np.float64)
    return csr_matrix(features), targets


@pytest.mark.parametrize("strength", [1e-3, 0.1, 10.0])
def test_the_solution_equals_scikit_learn(strength):
    features, targets = problem()
    weights, bias = logistic_regression(features, targets, strength)
    reference = LogisticRegression(C=strength, tol=1e-10, max_iter=10_000).fit(features, targets)
    assert weights == pytest.approx(reference.coef_[0], abs=2e-4)
    assert bias == pytest.approx(reference.intercept_[0], abs=2e-4)


def test_the_gradient_vanishes_at_the_solution():
    features, targets = problem(1)
    weights, bias = logistic_regression(features, targets, 0.5)
    p = 1 / (1 + np.exp(-(features @ weights + bias)))
    gradient = 0.5 * features.T @ (p - targets) + weights
    assert np.abs(gradient).max() < 1e-3
    assert abs((p - targets).sum()) < 1e-3


def test_the_log_loss_equals_the_formula():
    features, targets = problem(2)
    weights = np.full(12, 0.1)
    p = 1 / (1 + np.exp(-(features @ weights - 1.0)))
    expected = -np.mean(targets * np.log(p) + (1 - targets) * np.log(1 - p))
    assert log_loss(features, targets, weights, -1.0) == pytest.approx(expected)
    assert np.isnan(log_loss(features[:0], targets[:0], weights, 0.0))


def test_each_task_uses_its_known_rows_and_its_best_strength():
    features, first = problem(3)
    second = first.copy()
    second[::3] = np.nan
    targets = np.stack([first, second], axis=1)
    train, valid = slice(0, 200), slice(200, 300)
    done = []
    tasks = fit_linear(
        (features[train], targets[train]), (features[valid], targets[valid]), (1e-3, 1e-1, 10.0), done.append
    )
    for column, task in enumerate(tasks):
        known, valid_known = (~np.isnan(targets[s, column]) for s in (train, valid))
        losses = {}
        for strength in (1e-3, 1e-1, 10.0):
            model = LogisticRegression(C=strength, tol=1e-10, max_iter=10_000)
            model.fit(features[train][known], targets[train, column][known])
            losses[strength] = log_loss(
                features[valid][valid_known],
                targets[valid, column][valid_known],
                model.coef_[0],
                model.intercept_[0],
            )
        best = min(losses, key=losses.get)
        assert task.strength == best
        assert task.valid_loss == pytest.approx(losses[best], abs=1e-5)


def test_a_task_without_validation_takes_the_middle_strength():
    features, targets = problem(4)
    unknown = np.full((10, 1), np.nan)
    (task,) = fit_linear((features, targets[:, None]), (features[:10], unknown), (0.1, 1.0, 10.0))
    assert task.strength == 1.0
    assert np.isnan(task.valid_loss)
