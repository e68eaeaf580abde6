"""In-silico mutagenesis equals editing the sequences one by one."""

import numpy as np
import pytest
import torch

from seqnet.attribution.gradient import gradient, gradients
from seqnet.attribution.mutagenesis import mutagenesis
from seqnet.attribution.networks import ExplainedNetwork
from seqnet.attribution.references import AttributionPlan
from seqnet.inference.predictor import Predictor
from seqnet.inference.sharing.substitutions import Substitutions
from seqnet.model_inputs.inputs import SequenceInputs
from tests.unit.attribution.networks import as_input, fixture_model, network_of, random_codes

CPU = torch.device("cpu")


def explained_rows(name, tmp_path, rows=2):
    """A stored network, and sequences, one of them with padding and ambiguous bases inside."""
    explained = ExplainedNetwork(fixture_model(name, tmp_path), CPU)
    codes = random_codes(rows, fixture_model(name, tmp_path).input["width"], letters=4)
    codes[0, :4] = 4
    codes[0, 20:22] = 4
    return explained, codes


@pytest.mark.parametrize("name", ["lecture", "default", "kmer_term", "multiclass", "regression", "counts"])
def test_attributions_are_the_outputs_of_edited_sequences(name, tmp_path):
    explained, codes = explained_rows(name, tmp_path)
    tasks, width = len(explained.tasks), codes.shape[1]
    batch = explained.batch(SequenceInputs(codes), codes, np.arange(2))
    found = mutagenesis(explained, batch, np.ones((2, tasks), dtype=bool), AttributionPlan())
    for row, own in enumerate(codes):
        edited = np.repeat(own[None], 4 * width, axis=0)
        place = np.arange(4 * width)
        edited[place, place // 4] = place % 4
        outputs = explained.outputs(SequenceInputs(edited), edited).reshape(width, 4, tasks)
        expected = outputs - outputs.mean(axis=1, keepdims=True)
        if row == 0:
            expected[:4] = 0  # padding is no part of the sequence
        for task, part in found.items():
            np.testing.assert_allclose(part.hypothetical[row].T, expected[:, :, task], atol=5e-6)
            known = own < 4
            observed = expected[np.flatnonzero(known), own[known], task]
            np.testing.assert_allclose(part.observed[row][known], observed, atol=5e-6)
            assert not part.observed[row][~known].any()


@pytest.mark.parametrize("name", ["lecture", "kmer_term", "counts"])
def test_the_outputs_explained_are_those_that_predictions_are_made_of(name, tmp_path):
    explained, codes = explained_rows(name, tmp_path, rows=5)
    predictions = Predictor(fixture_model(name, tmp_path), CPU).from_codes(codes)
    outputs = explained.outputs(SequenceInputs(codes), codes)
    expected = np.exp(outputs) if name == "counts" else 1 / (1 + np.exp(-outputs))
    np.testing.assert_allclose(predictions, expected, rtol=1e-5)


def test_only_the_span_is_edited(tmp_path):
    explained, codes = explained_rows("lecture", tmp_path)
    batch = explained.batch(SequenceInputs(codes), codes, np.arange(2))
    wanted = np.ones((2, len(explained.tasks)), dtype=bool)
    every = mutagenesis(explained, batch, wanted, AttributionPlan())[0].hypothetical
    some = mutagenesis(explained, batch, wanted, AttributionPlan(span=(10, 19)))[0].hypothetical
    np.testing.assert_allclose(some[:, :, 10:19], every[:, :, 10:19], atol=1e-6)
    assert not some[:, :, :10].any()
    assert not some[:, :, 19:].any()


def test_gradients_are_finite_differences():
    network = network_of("conv 6x5, tanh, conv 4x3, softplus, dense 3, gelu", 20).double()
    x = as_input(random_codes(1, 20, letters=4))
    found = gradients(network, x, 1)[0]
    for channel, place in ((0, 0), (2, 7), (3, 19)):
        step = torch.zeros_like(x)
        step[0, channel, 0, place] = 1e-6
        slope = (network(x + step) - network(x - step))[0, 1] / 2e-6
        assert float(found[channel, place]) == pytest.approx(float(slope), rel=1e-6)


def test_gradient_attributions_have_no_part_off_the_simplex(tmp_path):
    explained, codes = explained_rows("lecture", tmp_path)
    batch = explained.batch(SequenceInputs(codes), codes, np.arange(2))
    wanted = np.ones((2, len(explained.tasks)), dtype=bool)
    found = gradient(explained, batch, wanted, AttributionPlan())[0]
    np.testing.assert_allclose(found.hypothetical.sum(axis=1), 0, atol=1e-6)
    assert not found.observed[0, :4].any()


def test_the_gradient_of_a_linear_network_is_its_mutagenesis(tmp_path):
    explained, codes = explained_rows("lecture", tmp_path)
    explained.networks = (network_of("conv 3x4 padding=valid, dense 2", codes.shape[1]),)
    explained.substitutions = (Substitutions(explained.networks[0]),)
    batch = explained.batch(SequenceInputs(codes), codes, np.arange(2))
    wanted = np.ones((2, 1), dtype=bool)
    one = gradient(explained, batch, wanted, AttributionPlan())[0]
    other = mutagenesis(explained, batch, wanted, AttributionPlan())[0]
    np.testing.assert_allclose(one.hypothetical[:, :, 4:], other.hypothetical[:, :, 4:], atol=2e-6)
