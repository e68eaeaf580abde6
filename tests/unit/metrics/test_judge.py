import numpy as np
import pytest
from scipy.stats import pearsonr
from sklearn.metrics import accuracy_score, r2_score, roc_auc_score

from seqnet.metrics.monitor import EVALUATORS, evaluate_outputs
from seqnet.networks.task_types import TASK_TYPES
from seqnet.pipeline.training.request import MONITORS

TASKS = ("A", "B", "C")


@pytest.fixture
def generator():
    return np.random.default_rng(0)


def test_every_task_type_is_judged_by_what_may_decide(generator):
    assert set(MONITORS) == set(TASK_TYPES)
    assert set(EVALUATORS) == {*TASK_TYPES, "denoising", "denoising_peaks", "rates", "rates_peaks"}
    classes = np.eye(3, dtype=np.float32)[generator.integers(0, 3, 30)]
    for task_type, names in MONITORS.items():
        assert ("loss", *evaluate_outputs(task_type, TASKS, classes, classes)) == names


def test_numbers_equal_scipy_and_scikit_learn(generator):
    targets = generator.normal(size=(50, 3)).astype(np.float32)
    outputs = (targets + generator.normal(size=(50, 3))).astype(np.float32)
    targets[:10, 1] = np.nan
    pairs = [(t[~np.isnan(t)], o[~np.isnan(t)]) for t, o in zip(targets.T, outputs.T, strict=True)]
    found = evaluate_outputs("regression", TASKS, targets, outputs)
    assert found["pearson"] == pytest.approx(np.mean([pearsonr(*pair)[0] for pair in pairs]))
    assert found["r2"] == pytest.approx(np.mean([r2_score(*pair) for pair in pairs]))
    scaled = evaluate_outputs("denoising", TASKS, targets, outputs)
    assert scaled == {f"asinh_{name}": value for name, value in found.items()}  # learnt on that scale
    assert evaluate_outputs("rates", TASKS, targets, outputs) == found  # learnt in units
    peaks = np.hstack([targets[:, :2], (targets[:, 2:] > 0).astype(np.float32)])
    both = evaluate_outputs("rates_peaks", TASKS, peaks, outputs)
    assert both["pearson"] == pytest.approx(np.mean([pearsonr(*pair)[0] for pair in pairs[:2]]))
    assert both["auroc"] == pytest.approx(roc_auc_score(peaks[:, 2], outputs[:, 2]))
    rates = evaluate_outputs("counts", TASKS, np.exp(outputs), outputs)
    assert rates == pytest.approx({"pearson": 1.0, "r2": 1.0})


def test_classes_equal_scikit_learn(generator):
    truth = generator.integers(0, 3, 60)
    outputs = generator.normal(size=(60, 3)).astype(np.float32) + np.eye(3, dtype=np.float32)[truth]
    found = evaluate_outputs("multiclass", TASKS, np.eye(3, dtype=np.float32)[truth], outputs)
    assert found["accuracy"] == accuracy_score(truth, outputs.argmax(axis=1))
    each = [roc_auc_score(truth == c, outputs[:, c]) for c in range(3)]
    assert found["auroc"] == pytest.approx(np.mean(each))


def test_the_class_of_equal_outputs_is_the_first_as_in_evaluate():
    sums = np.array([[0.3, 0.1 + 0.2, -1.0], [0.1 + 0.2, 0.3, -1.0]])
    truth = np.array([[1.0, 0.0, 0.0]] * 2)
    assert evaluate_outputs("multiclass", TASKS, truth, sums)["accuracy"] == 1.0


def test_what_is_undefined_is_none():
    same = np.ones((5, 3), np.float32)
    assert evaluate_outputs("regression", TASKS, same, same) == {"pearson": None, "r2": None}
    assert evaluate_outputs("binary", TASKS, same, same) == {"auroc": None, "auprc": None}
