import numpy as np
import pytest
from scipy.optimize import check_grad
from scipy.sparse import csr_matrix, random_array
from sklearn.linear_model import LinearRegression, LogisticRegression, PoissonRegressor, Ridge
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.svm import LinearSVC

from seqnet.linear import least_squares as squares
from seqnet.linear.fit import STRENGTHS as TRIED
from seqnet.linear.fit import LabelledRows, fit_linear, mean_loss, stacked
from seqnet.linear.least_squares import least_squares
from seqnet.linear.losses import LINEAR_LOSSES
from seqnet.linear.newton import Matrix, minimise

STRENGTHS = (1e-3, 1e-1, 10.0)


def problem(seed=0, n=300, d=12):
    generator = np.random.default_rng(seed)
    features = generator.poisson(1.0, (n, d)).astype(np.float64)
    weights = generator.normal(0, 1, d)
    targets = (generator.random(n) < 1 / (1 + np.exp(-(features @ weights - 1)))).astype(np.float64)
    return csr_matrix(features), targets


def wide(seed=0, n=80, d=700):
    """More columns than rows, mostly zeros, as k-mers are."""
    generator = np.random.default_rng(seed)
    features = csr_matrix(random_array((n, d), density=0.05, rng=generator, data_sampler=generator.random))
    return features, generator.integers(0, 2, n).astype(np.float64)


def classes(seed=0, n=300, number=4):
    features, _ = problem(seed, n)
    generator = np.random.default_rng(seed + 100)
    outputs = features @ generator.normal(0, 1, (12, number)) + generator.gumbel(0, 2, (n, number))
    return features, np.eye(number)[outputs.argmax(axis=1)]


def numbers(features, seed=0):
    generator = np.random.default_rng(seed)
    return (
        5 + features @ generator.normal(0, 1, features.shape[1]) + generator.normal(0, 1, features.shape[0])
    )


@pytest.mark.parametrize("strength", STRENGTHS)
@pytest.mark.parametrize("make", [problem, wide])
def test_logistic_regression_equals_scikit_learn(make, strength):
    features, targets = make()
    found = minimise(Matrix.of(features), targets, LINEAR_LOSSES["bce"], strength)
    reference = LogisticRegression(C=strength, tol=1e-10, max_iter=10_000).fit(
        features.astype(np.float32).astype(np.float64), targets
    )
    assert found.weights == pytest.approx(reference.coef_[0], abs=2e-5)
    assert found.bias == pytest.approx(reference.intercept_[0], abs=1e-4)


@pytest.mark.parametrize("strength", STRENGTHS)
@pytest.mark.parametrize("make", [problem, wide])
def test_the_squared_hinge_equals_scikit_learn(make, strength):
    features, targets = make()
    found = minimise(Matrix.of(features), targets, LINEAR_LOSSES["hinge"], strength)
    # LinearSVC penalises the bias as the weight of a constant column: of a high one hardly
    reference = LinearSVC(C=strength, dual=False, tol=1e-10, intercept_scaling=1e3, max_iter=10_000)
    reference.fit(features.astype(np.float32).astype(np.float64), targets)
    assert found.weights == pytest.approx(reference.coef_[0], abs=2e-4)
    assert found.bias == pytest.approx(reference.intercept_[0], abs=2e-4)


@pytest.mark.parametrize("strength", STRENGTHS)
def test_softmax_regression_equals_scikit_learn(strength):
    features, targets = classes()
    found = minimise(Matrix.of(features), targets, LINEAR_LOSSES["cross_entropy"], strength)
    reference = LogisticRegression(C=strength, tol=1e-10, max_iter=10_000).fit(
        features, targets.argmax(axis=1)
    )
    assert found.weights == pytest.approx(reference.coef_.T, abs=1e-4)
    ours, theirs = found.bias - found.bias.mean(), reference.intercept_ - reference.intercept_.mean()
    assert ours == pytest.approx(theirs, abs=2e-4)


@pytest.mark.parametrize("strength", [1e-3, 1e-1])
def test_poisson_regression_equals_scikit_learn(strength):
    features, _ = problem(5)
    rates = np.exp(0.2 * (features @ np.random.default_rng(1).normal(0, 1, 12)))
    counts = np.random.default_rng(2).poisson(rates).astype(np.float64)
    found = minimise(Matrix.of(features), counts, LINEAR_LOSSES["poisson"], strength)
    reference = PoissonRegressor(alpha=1 / (strength * len(counts)), tol=1e-10, max_iter=10_000)
    reference.fit(features.toarray(), counts)
    assert found.weights == pytest.approx(reference.coef_, abs=1e-4)
    assert found.bias == pytest.approx(reference.intercept_, abs=1e-4)


@pytest.mark.parametrize("loss", ["bce", "hinge", "cross_entropy", "poisson"])
def test_derivatives_against_differences(loss):
    generator = np.random.default_rng(3)
    shape = (1, 4) if loss == "cross_entropy" else (1,)
    targets = np.eye(4)[[2]] if loss == "cross_entropy" else np.ones(1)
    for _ in range(5):
        outputs = generator.normal(0, 0.6, shape)

        def value(x, targets=targets, shape=shape):
            return LINEAR_LOSSES[loss](x.reshape(shape), targets).values[0]

        def slopes(x, targets=targets, shape=shape):
            return LINEAR_LOSSES[loss](x.reshape(shape), targets).slopes.ravel()

        assert check_grad(value, slopes, outputs.ravel()) < 1e-5
        step = generator.normal(0, 1e-6, shape)
        change = slopes(outputs + step) - slopes(outputs - step)
        curved = LINEAR_LOSSES[loss](outputs, targets).curvature(2 * step)
        assert change == pytest.approx(curved.ravel(), abs=1e-10)


def test_a_warm_start_leads_to_the_same_solution_and_huge_strengths_are_solved_too():
    features, targets = wide(4)
    matrix = Matrix.of(features)
    cold = minimise(matrix, targets, LINEAR_LOSSES["bce"], 1.0)
    warm = minimise(
        matrix, targets, LINEAR_LOSSES["bce"], 1.0, minimise(matrix, targets, LINEAR_LOSSES["bce"], 50.0)
    )
    assert warm.weights == pytest.approx(cold.weights, abs=1e-5)
    separated = minimise(matrix, targets, LINEAR_LOSSES["hinge"], 1e6)
    assert ((2 * targets - 1) * (matrix.rows @ separated.weights + separated.bias) > 0.999).all()


@pytest.mark.parametrize("most", [0, np.inf])
@pytest.mark.parametrize("make", [problem, wide])
def test_least_squares_equals_scikit_learn_by_either_solver(monkeypatch, make, most):
    monkeypatch.setattr(squares, "_DIRECT_WORK", most)
    features, _ = make()
    targets = numbers(features)
    free, ridge = least_squares(features, targets, (0.0, 3.0), pytest.fail)
    reference = LinearRegression().fit(features.toarray(), targets)
    assert free.weights == pytest.approx(reference.coef_, abs=1e-5)
    assert free.bias == pytest.approx(reference.intercept_, abs=1e-5)
    reference = Ridge(3.0, solver="svd").fit(features.toarray(), targets)
    assert ridge.weights == pytest.approx(reference.coef_, abs=1e-6)
    assert ridge.bias == pytest.approx(reference.intercept_, abs=1e-6)


@pytest.mark.parametrize("most", [0, np.inf])
def test_columns_that_say_the_same_share_the_weight(monkeypatch, most):
    monkeypatch.setattr(squares, "_DIRECT_WORK", most)
    features, _ = problem(6)
    targets = numbers(features)
    twice = csr_matrix(np.hstack([features.toarray(), features.toarray()]))
    (one,), (both,) = least_squares(features, targets, [0.0]), least_squares(twice, targets, [0.0])
    assert both.weights == pytest.approx(np.tile(one.weights / 2, 2), abs=1e-6)


def test_least_squares_that_does_not_converge_is_told(monkeypatch):
    monkeypatch.setattr(squares, "_DIRECT_WORK", 0)
    monkeypatch.setattr(squares, "_MOST_PRODUCTS", 2)
    features, _ = problem()
    told = []
    list(least_squares(features, numbers(features), [0.0], told.append))
    assert told == ["least squares with a penalty of 0 has not converged after 2 steps"]


def test_mean_losses_equal_their_formulas():
    features, targets = problem(2)
    outputs = features @ np.full(12, 0.1) - 1.0
    p = 1 / (1 + np.exp(-outputs))
    assert mean_loss("bce", outputs, targets) == pytest.approx(log_loss(targets, p))
    squares_summed = sum((a - b) ** 2 for a, b in zip(outputs, targets, strict=True))
    assert mean_loss("mse", outputs, targets) == pytest.approx(squares_summed / len(targets))
    assert np.isnan(mean_loss("bce", outputs[:0], targets[:0]))


def test_each_task_uses_its_known_rows_and_its_best_strength():
    features, first = problem(3)
    second = first.copy()
    second[::3] = np.nan
    targets = np.stack([first, second], axis=1)
    train, valid = slice(0, 200), slice(200, 300)
    done = []
    tasks = fit_linear(
        "bce", (features[train], targets[train]), (features[valid], targets[valid]), STRENGTHS, done.append
    )
    assert sum(done) == 6
    for column, task in enumerate(tasks):
        known, valid_known = (~np.isnan(targets[s, column]) for s in (train, valid))
        losses = {}
        for strength in STRENGTHS:
            model = LogisticRegression(C=strength, tol=1e-10, max_iter=10_000)
            model.fit(features[train][known], targets[train, column][known])
            p = model.predict_proba(features[valid][valid_known])
            losses[strength] = log_loss(targets[valid, column][valid_known], p)
        best = min(losses, key=losses.get)
        assert task.strength == best
        assert task.valid_loss == pytest.approx(losses[best], abs=1e-5)
    weights, bias = stacked(tasks)
    assert (weights.shape, bias.shape) == ((2, 12), (2,))


def test_the_hinge_is_chosen_by_auroc():
    features, targets = problem(7)
    train, valid = (features[:200], targets[:200, None]), (features[200:], targets[200:, None])
    (task,) = fit_linear("hinge", train, valid)
    scores = {}
    for strength in (1e-4, 1e-3, 1e-2):
        found = minimise(Matrix.of(train[0]), targets[:200], LINEAR_LOSSES["hinge"], strength)
        scores[strength] = roc_auc_score(targets[200:], valid[0] @ found.weights)
    assert task.strength == max(scores, key=scores.get)


def test_classes_have_one_strength_and_rows_of_unknown_class_are_left_out():
    features, targets = classes(8)
    targets[::5] = np.nan
    (found,) = fit_linear("cross_entropy", (features, targets), (features[:0], targets[:0]), (0.1, 1.0, 10.0))
    assert found.strength == 1.0
    known = ~np.isnan(targets[:, 0])
    reference = LogisticRegression(C=1.0, tol=1e-10, max_iter=10_000)
    reference.fit(features[known], targets[known].argmax(axis=1))
    weights, bias = stacked([found])
    assert weights == pytest.approx(reference.coef_, abs=1e-4)
    assert bias.shape == (4,)


def test_ridge_is_chosen_by_its_error():
    features, _ = wide(9)
    targets = numbers(features)[:, None]
    (task,) = fit_linear("mse", (features[:60], targets[:60]), (features[60:], targets[60:]))
    errors = {}
    for strength in (1e-1, 1.0, 1e1, 1e2, 1e3, 1e4):
        model = Ridge(strength, solver="svd").fit(features[:60].toarray(), targets[:60, 0])
        errors[strength] = np.mean((model.predict(features[60:].toarray()) - targets[60:, 0]) ** 2)
    assert task.strength == min(errors, key=errors.get)
    assert task.valid_loss == pytest.approx(min(errors.values()))


def test_a_task_without_validation_takes_the_middle_strength():
    features, targets = problem(4)
    unknown = np.full((10, 1), np.nan)
    (task,) = fit_linear("bce", (features, targets[:, None]), (features[:10], unknown), (0.1, 1.0, 10.0))
    assert task.strength == 1.0
    assert np.isnan(task.valid_loss)


def weights_of_rows(n, seed=9):
    """Whole numbers, so that a weight is as many equal rows; some are 0."""
    return np.random.default_rng(seed).integers(0, 4, n).astype(np.float64)


@pytest.mark.parametrize("loss", ["bce", "hinge", "poisson", "cross_entropy", "mse"])
def test_a_weight_is_as_many_rows(loss):
    features, targets = classes() if loss == "cross_entropy" else problem(4)
    targets = targets if targets.ndim == 2 else targets[:, None]
    if loss == "mse":
        targets = numbers(features)[:, None]
    weights = weights_of_rows(len(targets))
    often = np.repeat(np.arange(len(targets)), weights.astype(int))
    strengths = (0.05, 0.5)
    valid = (features[:100], targets[:100])
    weighed = fit_linear(
        loss, LabelledRows(features, targets, weights), LabelledRows(*valid, weights[:100]), strengths
    )
    early = often[often < 100]
    repeated = fit_linear(
        loss, (features[often], targets[often]), (features[early], targets[early]), strengths
    )
    for one, other in zip(weighed, repeated, strict=True):
        assert one.strength == other.strength
        assert one.weights == pytest.approx(other.weights, abs=2e-5)
        if loss != "cross_entropy":  # its biases are known up to a constant
            assert one.bias == pytest.approx(other.bias, abs=2e-5)
        assert one.valid_loss == pytest.approx(other.valid_loss, rel=1e-5)


def test_weighted_solutions_equal_scikit_learn(monkeypatch):
    features, targets = problem(6)
    weights = np.random.default_rng(2).exponential(1, len(targets))
    known = (features[:0], targets[:0, None])
    (logistic,) = fit_linear("bce", LabelledRows(features, targets[:, None], weights), known, (0.3,))
    reference = LogisticRegression(C=0.3, tol=1e-10, max_iter=10_000).fit(features, targets, weights)
    assert logistic.weights == pytest.approx(reference.coef_[0], abs=2e-5)
    values = numbers(features)
    ridge = Ridge(3.0, tol=1e-12).fit(features.toarray(), values, weights)
    for work in (squares._DIRECT_WORK, 0):  # by singular values, and by products
        monkeypatch.setattr(squares, "_DIRECT_WORK", work)
        (found,) = least_squares(features, values, (3.0,), pytest.fail, weights)
        assert found.weights == pytest.approx(ridge.coef_, abs=1e-6)
        assert found.bias == pytest.approx(ridge.intercept_, abs=1e-6)


def test_a_loose_solution_is_near_and_progress_counts_every_one():
    features, targets = problem()
    rows = (csr_matrix(features), np.stack([targets, 1 - targets], axis=1))
    done = []
    loose = fit_linear("hinge", rows, rows, progress=done.append, tolerance=1e-3)
    exact = fit_linear("hinge", rows, rows)
    assert sum(done) == 2 * len(TRIED["hinge"])
    for one, other in zip(loose, exact, strict=True):
        assert one.strength == other.strength
        assert one.weights == pytest.approx(other.weights, abs=0.02 * np.abs(other.weights).max())
        assert not np.array_equal(one.weights, other.weights)
