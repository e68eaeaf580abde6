"""Edits of single bases under a linear model of k-mers give what predictions of edited windows give."""

import numpy as np
import pytest
from scipy.special import expit, softmax

from seqnet.inference.linear_predictor import OUTPUTS_IN_NUMPY, LinearPredictor
from seqnet.kernels.word_edits import Edits
from seqnet.kmers.columns import make_columns
from seqnet.kmers.settings import KmerSettings
from seqnet.networks.model import Model

WIDTH = 30


def some_model(normalize, tracks=0, **more):
    """A linear model of two tasks, whose features are shifted and scaled."""
    rng = np.random.default_rng(4)
    settings = KmerSettings(("1101", "111"), "both", normalize)
    d = make_columns(settings).features
    if normalize == "z":
        settings = settings._replace(mean=tuple(rng.random(d)), deviation=tuple(rng.uniform(0.5, 2, d)))
    signals = [{"name": f"s{number}", "partner": number} for number in range(tracks)]
    spec = {"type": "kmers", "width": WIDTH, "features": d, "settings": settings._asdict()}
    if tracks:
        spec["signals"] = signals
    header = {"architecture": [], "tasks": ["a", "b"], "strands": "forward", "input": spec, **more}
    tensors = {
        "0.weight": rng.normal(size=(2, d + tracks)), "0.bias": rng.normal(size=2),
        "input.mean": rng.normal(size=d + tracks), "input.scale": rng.uniform(0.5, 2, d + tracks),
    }  # fmt: skip
    return Model(header, {name: tensor.astype(np.float32) for name, tensor in tensors.items()})


@pytest.mark.parametrize("normalize", ["counts", "sqrt", "log", "frequency", "z"])
@pytest.mark.parametrize("tracks", [0, 2])
def test_edits_are_those_of_edited_windows(normalize, tracks):
    rng = np.random.default_rng(5)
    predictor = LinearPredictor(some_model(normalize, tracks), threads=2)
    windows = rng.integers(0, 5, (5, WIDTH)).astype(np.uint8)
    signals = [rng.normal(size=(5, WIDTH)).astype(np.float32) for _ in range(tracks)]
    places, letters = rng.integers(0, WIDTH, 10), rng.integers(0, 4, 10).astype(np.uint8)
    sums = predictor.edited_logits(windows, Edits(np.arange(6) * 2, places, letters), signals)
    assert sums.wholes.dtype == sums.changes.dtype == np.float64
    plain = predictor.logits(windows, signals)
    np.testing.assert_allclose(sums.wholes, plain, atol=2e-5)
    for edit in range(10):
        edited = windows.copy()
        edited[edit // 2, places[edit]] = letters[edit]
        change = (predictor.logits(edited, signals) - plain)[edit // 2]
        np.testing.assert_allclose(sums.changes[edit], change, atol=2e-5)


def test_outputs_of_regressions_are_put_in_units_in_float64():
    scale = {"rule": "standardise", "center": [5.0, 0.0], "deviation": [100.0, 1.0]}
    predictor = LinearPredictor(some_model("sqrt", target_scale=scale, task_type="regression"))
    values = predictor.doubles_in_units(np.array([[1 + 1e-12, 2.0]]))
    assert values.tolist() == [[5 + 100 * (1 + 1e-12), 2.0]]
    plain = LinearPredictor(some_model("sqrt"))
    assert plain.doubles_in_units(np.array([[0.5, 0.25]])).tolist() == [[0.5, 0.25]]


def test_probabilities_are_those_of_scipy():
    outputs = np.array([[-800.0, -40.0, -0.3, 0.0, 1e-9, 36.0, 800.0]])
    for name, theirs in (("sigmoid", expit), ("softmax", lambda values: softmax(values, axis=1))):
        np.testing.assert_allclose(OUTPUTS_IN_NUMPY[name](outputs), theirs(outputs), rtol=2e-14, atol=0)
