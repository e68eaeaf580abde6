import numpy as np
import pytest

from seqnet.training.batches import EpochOrder, class_odds, positive_weights


def test_balanced_draws_take_both_classes_as_often():
    targets = np.full((5000, 1), 0.0)
    targets[:250] = 1
    targets[250:300] = np.nan
    order = EpochOrder(5000, 100, odds=class_odds(targets))
    drawn = targets[np.concatenate([batch.rows for batch in order.batches(1)]), 0]
    assert not np.isnan(drawn).any()
    assert drawn.mean() == pytest.approx(0.5, abs=0.03)


def test_odds_over_tasks_are_means_over_the_known():
    targets = np.array([[1, 0], [0, np.nan], [0, 1], [0, 0]])
    odds = class_odds(targets)
    # task 1: a quarter positive; task 2: a third
    assert odds == pytest.approx([(2 + 0.75) / 2, 1 / 1.5, (1 / 1.5 + 1.5) / 2, (1 / 1.5 + 0.75) / 2])


def test_class_weights_are_those_of_scikit_learn_up_to_a_factor():
    from sklearn.utils.class_weight import compute_class_weight

    targets = np.array([[1, 0, 0], [0, 0, 1], [0, 0, np.nan], [0, 0, 0]], dtype=float)
    negative, positive = compute_class_weight("balanced", classes=np.array([0, 1]), y=targets[:, 0])
    assert positive_weights(targets) == pytest.approx([positive / negative, 1.0, 2.0])
