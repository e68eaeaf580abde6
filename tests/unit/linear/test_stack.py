"""Weights of parts: maximum likelihood where rows are many, common weights where they are few."""

import numpy as np
import pytest
from scipy.special import expit
from sklearn.linear_model import LinearRegression, LogisticRegression

from seqnet.linear.stack import fit_stack


def parts(n, seed, quality=(1.0, 1.0), tasks=1):
    """Two outputs of unequal units that tell targets apart, each with errors of its own."""
    rng = np.random.default_rng(seed)
    targets = np.tile((np.arange(n) % 2).astype(float)[:, None], (1, tasks))
    signs = 2 * targets - 1
    found = [
        unit * (good * signs + rng.normal(size=signs.shape))
        for unit, good in zip((3, 0.2), quality, strict=True)
    ]
    return np.stack(found), targets


def test_one_task_without_shrinkage_is_a_logistic_regression_of_sum_and_difference():
    values, targets = parts(400, seed=3)
    stack = fit_stack("bce", values, targets, shrinkage=1e12)
    one, other = (part[:, 0] / part[:, 0].std() for part in values)
    features = np.stack([(one + other) / 2, 0.3 * (one - other) / 2], axis=1)
    solved = LogisticRegression(C=1.0, tol=1e-10, max_iter=1000).fit(features, targets[:, 0])
    assert np.allclose(stack.combined(values)[:, 0], solved.decision_function(features), atol=1e-3)


def test_many_rows_give_the_weights_of_maximum_likelihood():
    rng = np.random.default_rng(4)
    values = rng.normal(size=(3, 20_000, 2))
    truth = np.array([[1.0, 0.5, 0.2], [0.3, 1.2, 0.2]])
    logits = np.einsum("pnt,tp->nt", values, truth) - 1
    targets = (rng.random(logits.shape) < expit(logits)).astype(float)
    stack = fit_stack("bce", values, targets)
    for task in range(2):
        one = LogisticRegression(C=1e9).fit(values[:, :, task].T, targets[:, task])
        assert np.allclose(stack.weights[task], one.coef_[0], atol=0.02)
        assert stack.bias[task] == pytest.approx(one.intercept_[0], abs=0.02)


def test_numbers_are_stacked_by_least_squares():
    rng = np.random.default_rng(5)
    values = rng.normal(size=(2, 5_000, 1))
    targets = 0.6 * values[0] + 0.3 * values[1] + 0.1 + rng.normal(scale=0.5, size=(5_000, 1))
    stack = fit_stack("mse", values, targets, shrinkage=0.0)
    one = LinearRegression().fit(values[:, :, 0].T, targets[:, 0])
    assert np.allclose(stack.weights[0], one.coef_, atol=1e-3)
    assert stack.bias[0] == pytest.approx(one.intercept_, abs=1e-3)


def test_few_rows_keep_the_weights_alike_and_many_tell_them_apart():
    ratios = []
    for n in (20, 20_000):
        values, targets = parts(n, seed=4, quality=(1.0, 0.3))
        weights = fit_stack("bce", values, targets, shrinkage=1e9).weights[0] * values.std(axis=(1, 2))
        ratios.append(weights[1] / weights[0])
    assert ratios[0] > 0.6
    assert ratios[1] < 0.5


@pytest.mark.parametrize("worse", [0, 1])
def test_a_part_that_misleads_has_no_weight(worse):
    quality = [1.0, 1.0]
    quality[worse] = -1.0
    stack = fit_stack("bce", *parts(2000, seed=5, quality=quality))
    assert stack.weights[0, worse] == stack.common[worse] == 0
    assert stack.weights[0, 1 - worse] > 0


def test_a_task_with_few_rows_keeps_near_the_weights_of_all():
    values, targets = parts(1000, seed=6, tasks=4)
    targets[20:, 3] = np.nan
    shrunk, free, tied = (fit_stack("bce", values, targets, strength) for strength in (10.0, 0.0, 1e9))
    apart = [np.abs(stack.weights[3] - stack.common).max() for stack in (shrunk, free, tied)]
    assert apart[2] < 1e-3 < apart[0] < 0.2 < apart[1]


def test_tasks_of_one_class_take_the_common_weights_and_nothing_else_moves():
    values, targets = parts(500, seed=7, tasks=3)
    targets[:, 1], targets[:, 2] = 1, np.nan
    stack = fit_stack("bce", values, targets)
    assert np.array_equal(stack.weights[1:], np.tile(stack.common, (2, 1)))
    alone = fit_stack("bce", values[:, :, :1], targets[:, :1])
    assert np.allclose(stack.weights[0], alone.weights[0], rtol=0.05)


def test_where_rows_say_nothing_the_first_part_is_taken_as_it_is():
    values, targets = parts(30, seed=8)
    for unknown in (np.ones((30, 1)), np.full((30, 1), np.nan)):
        stack = fit_stack("bce", values, unknown)
        assert (stack.weights.tolist(), stack.bias.tolist()) == ([[1, 0]], [0])
    stack = fit_stack("bce", values[:, :0], targets[:0])
    assert stack.weights.tolist() == [[1, 0]]


def test_unknown_targets_do_not_count():
    values, targets = parts(100, seed=9)
    known = fit_stack("bce", values[:, :60], targets[:60])
    targets[60:] = np.nan
    assert np.allclose(fit_stack("bce", values, targets).weights, known.weights, rtol=1e-3)
