import numpy as np
import pytest

from seqnet.datasets.targets import check_targets, class_targets, infer_task_type, parse_numbers

NAN = float("nan")


@pytest.mark.parametrize(
    ("targets", "found"),
    [
        ([[0, 1], [1, NAN]], "binary"),
        ([[0, 0.5]], "regression"),
        ([[2, 1]], "regression"),
        ([[NAN]], "binary"),
    ],
)
def test_a_type_is_told_from_the_values(targets, found):
    assert infer_task_type(np.array(targets, dtype=float)) == found


def test_numbers_and_what_is_unknown():
    found = parse_numbers(["1", "-2.5e1", ".", "NA", "", "nan", "True", "FALSE"])
    assert np.array_equal(found, [1, -25, NAN, NAN, NAN, NAN, 1, 0], equal_nan=True)
    for bad in ("x", "inf", "1_0"):
        with pytest.raises(ValueError, match=bad) as caught:
            parse_numbers(["1", bad])
        assert caught.value.args == (1, bad)


def test_classes_become_tasks():
    found = class_targets(["b", "a", ".", "b"])
    assert found.tasks == ("a", "b")
    assert np.array_equal(found.targets, [[0, 1], [1, 0], [NAN, NAN], [0, 1]], equal_nan=True)
    check_targets(found.targets, "multiclass")


@pytest.mark.parametrize(
    ("targets", "kind", "message"),
    [
        ([[0, 2]], "binary", "found 2"),
        ([[1, 1], [0, 1]], "multiclass", "each row has one"),
        ([[1], [1]], "multiclass", "two tasks or more"),
        ([[-1.0]], "counts", "must not be negative; found -1"),
    ],
)
def test_targets_of_another_type_are_refused(targets, kind, message):
    with pytest.raises(ValueError, match=message):
        check_targets(np.array(targets, dtype=float), kind)
