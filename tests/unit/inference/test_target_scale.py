"""Targets of a regression, scaled for a network and back."""

import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler

from seqnet.inference.target_scale import TargetScale, fit_target_scale

GENERATOR = np.random.default_rng(5)
TARGETS = np.stack([5e7 + 1e6 * GENERATOR.normal(size=90), 1e-5 * GENERATOR.gamma(2, size=90)], axis=1)
WEIGHTS = GENERATOR.integers(0, 4, 90).astype(float)


def holed():
    targets = TARGETS.copy()
    targets[::7, 0] = np.nan
    targets[3:40, 1] = np.nan
    return targets


@pytest.mark.parametrize("weights", [None, WEIGHTS])
def test_constants_are_those_of_scikit_learn_for_each_task_by_itself(weights):
    targets = holed()
    scale = fit_target_scale("z", targets, weights)
    for column in range(2):
        known = ~np.isnan(targets[:, column])
        reference = StandardScaler().fit(
            targets[known, column][:, None], sample_weight=None if weights is None else weights[known]
        )
        assert scale.center[column] == pytest.approx(reference.mean_[0], rel=1e-14)
        assert scale.deviation[column] == pytest.approx(reference.scale_[0], rel=1e-9)
    scaled = scale.apply(targets)
    assert np.isnan(scaled).tolist() == np.isnan(targets).tolist()
    assert scale.undo(scaled) == pytest.approx(targets, rel=1e-14, nan_ok=True)


@pytest.mark.parametrize("rule", ["z", "quantile"])
@pytest.mark.parametrize("exponent", [-300, -3, 1, 40, 300])
def test_a_power_of_two_changes_the_constants_alone(rule, exponent):
    targets = holed() / 1e7
    one, other = (
        fit_target_scale(rule, values, WEIGHTS) for values in (targets, np.ldexp(targets, exponent))
    )
    scaled = one.apply(targets)
    assert np.array_equal(scaled, other.apply(np.ldexp(targets, exponent)), equal_nan=True)
    outputs = scaled[:5].astype("f4")
    assert np.array_equal(np.ldexp(one.undo(outputs), exponent), other.undo(outputs), equal_nan=True)


def test_a_task_of_one_value_keeps_its_scale():
    scale = fit_target_scale("z", np.array([[0.1, 7.0], [0.1, np.nan], [0.1, 9.0]]))
    assert (scale.center[0], scale.deviation[0]) == (0.1, 1.0)
    assert scale.apply(np.array([[0.1, 8.0]])).tolist() == [[0.0, 0.0]]
    for rule in ("z", "log1p", "quantile"):
        nothing = fit_target_scale(rule, np.full((3, 1), np.nan))
        assert np.isfinite(nothing.undo(np.ones((2, 1)))).all()
        constant = fit_target_scale(rule, np.full((3, 1), 4.25))
        assert constant.undo(constant.apply(np.full((2, 1), 4.25))) == pytest.approx(4.25)


def test_logarithms_are_standardised_and_refuse_what_has_none():
    targets = np.array([[0.0], [1.0], [8.0], [1000.0], [np.nan]])
    scaled = fit_target_scale("log1p", targets).apply(targets)[:4]
    assert scaled == pytest.approx(StandardScaler().fit_transform(np.log1p(targets[:4])))
    with pytest.raises(ValueError, match=r"\(1, -1\.0\)"):
        fit_target_scale("log1p", np.array([[0.0, 3.0], [-0.5, -1.0]]))


def test_normal_scores_go_by_rank_and_predictions_stay_within_the_training_targets():
    targets = np.exp(3 * GENERATOR.normal(size=(4001, 1)))
    scale = fit_target_scale("quantile", targets)
    scaled = scale.apply(targets)
    assert (np.argsort(scaled[:, 0], kind="stable") == np.argsort(targets[:, 0], kind="stable")).all()
    assert abs(scaled.mean()) < 1e-3
    assert scaled.std() == pytest.approx(1, abs=1e-3)
    ends = scale.undo(np.array([[-99.0], [99.0], [0.0]]))[:, 0]
    assert ends.tolist()[:2] == [targets.min(), targets.max()]
    assert ends[2] == pytest.approx(np.median(targets), rel=0.05)
    ties = fit_target_scale("quantile", np.array([[0.0]] * 90 + [[1.0]] * 10))
    assert ties.apply(np.array([[0.0], [1.0]])) == pytest.approx(np.array([[-1 / 3], [3.0]]))


def test_predictions_are_float32_unless_that_is_too_coarse():
    deviates = GENERATOR.normal(size=(50, 1))
    for center, deviation, kind in ((5e7, 1e6, "f4"), (1e9, 1, "f8"), (0, 1e-5, "f4"), (0, 1e-60, "f8")):
        scale = fit_target_scale("z", center + deviation * deviates)
        found = scale.predictions(np.zeros((2, 1), "f4"))
        assert found.dtype == kind
        assert found == pytest.approx(scale.center[0], rel=1e-7, abs=1e-7 * deviation)


@pytest.mark.parametrize("rule", ["z", "log1p", "quantile"])
def test_a_header_keeps_the_constants_to_the_last_bit(rule):
    import json

    scale = fit_target_scale(rule, np.abs(holed()), WEIGHTS)
    header = json.loads(json.dumps({"target_scale": scale.stored()}))
    again = TargetScale.of(header)
    assert np.array_equal(again.apply(TARGETS), scale.apply(TARGETS))
    assert np.array_equal(again.undo(TARGETS), scale.undo(TARGETS))
    assert TargetScale.of({}) is None
    assert fit_target_scale("none", TARGETS) is None
