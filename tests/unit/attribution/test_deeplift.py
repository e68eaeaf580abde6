"""DeepLIFT adds up, for every layer that has a rule."""

import copy

import numpy as np
import pytest
import torch

from seqnet.attribution.contributions import completeness
from seqnet.attribution.deeplift import deeplift, multipliers
from seqnet.attribution.networks import ExplainedNetwork
from seqnet.attribution.references import AttributionPlan, References
from seqnet.attribution.rescale import Compared, rescaled
from seqnet.model_inputs.inputs import SequenceInputs
from seqnet.networks.describe import layers_without_rule
from seqnet.networks.grammar import parse_layers
from seqnet.networks.layers import LAYERS, Shape, build_network
from seqnet.networks.modules import Exponential
from seqnet.networks.presets import PRESETS, with_masked_pools
from tests.unit.attribution.networks import EXAMPLES, as_input, fixture_model, network_of, random_codes

EXPONENTIAL = Exponential()
CPU = torch.device("cpu")


def adds_up(network, codes, limit, dtype, signals=0, count=5):
    """Whether contributions of every pair sum to the difference of its outputs, relative to their absolute sum."""
    references = References(count).of(codes)
    x = as_input(codes, signals, dtype)
    others = as_input(references.reshape(-1, codes.shape[1]), signals, dtype)
    found = multipliers(network.to(dtype), x, others, 1)
    difference = (x.unsqueeze(1) - others.view(len(x), count, *x.shape[1:])).squeeze(3)
    parts = (found.values * difference).double()
    size = parts.abs().sum((2, 3)).numpy()
    assert (size > 0).sum() > size.size / 2  # or there is nothing to see
    gaps = np.abs(parts.sum((2, 3)).numpy() - (found.output[:, None] - found.references))
    rounding = 4 * torch.finfo(dtype).eps * (np.abs(found.output[:, None]) + np.abs(found.references))
    return bool((gaps <= limit * size + rounding).all())


def test_every_layer_states_a_rule_and_has_an_example_here():
    assert set(EXAMPLES) == {name for name, row in LAYERS.items() if row.rescale != "none"}
    for name, text in EXAMPLES.items():
        rows = parse_layers(text)
        assert any(row["layer"] == name for row in rows)
        assert layers_without_rule(rows, "rescale") == layers_without_rule(rows, "edits") == []


@pytest.mark.parametrize("name", EXAMPLES)
def test_attributions_add_up_through_every_layer(name):
    signals = 2 if name == "towers" else 0
    network = network_of(EXAMPLES[name], 40, 4 + signals)
    codes = random_codes(3, 40)
    codes[0, :6] = 4
    assert adds_up(copy.deepcopy(network), codes, 1e-12, torch.float64, signals)
    assert adds_up(network, codes, 1e-5, torch.float32, signals)


@pytest.mark.parametrize("name", ["default", "deepbind"])
def test_attributions_add_up_with_padding_left_out_of_pools(name):
    network = build_network(with_masked_pools(PRESETS[name].layers), Shape(4, 60), 2).eval()
    codes = random_codes(3, 60, letters=4)
    codes[0, :11] = 4
    codes[1, 40:] = 4
    assert adds_up(network, codes, 1e-12, torch.float64)


def test_a_layer_without_a_rule_is_refused_by_name():
    rows = parse_layers("conv 4x3, parallel(bilstm 2, beside(conv 2x1))")
    assert layers_without_rule(rows, "rescale") == layers_without_rule(rows, "edits") == ["bilstm"]
    network = network_of("conv 4x3, bilstm 3, dense 2", 20)
    with pytest.raises(ValueError, match="BiLstm has no rule"):
        multipliers(network, as_input(random_codes(1, 20), 0, torch.float32), torch.zeros(2, 4, 1, 20), 0)


@pytest.mark.parametrize(("sequences", "at_once"), [(1, 3), (1, 1), (2, 7), (3, 100)])
def test_references_taken_some_at_a_time_give_what_all_give(sequences, at_once):
    network = network_of(EXAMPLES["conv"], 40).double()
    codes = random_codes(sequences, 40)
    x, others = as_input(codes), as_input(References(7).of(codes).reshape(-1, 40))
    together, apart = multipliers(network, x, others, 1), multipliers(network, x, others, 1, at_once)
    assert together.references.shape == apart.references.shape == (sequences, 7)
    torch.testing.assert_close(apart.values, together.values, rtol=0, atol=1e-12)
    np.testing.assert_allclose(apart.references, together.references, rtol=0, atol=1e-12)
    np.testing.assert_allclose(apart.output, together.output, rtol=0, atol=1e-12)


@pytest.mark.parametrize("padding", ["valid", "same", "3"])
def test_a_linear_network_gives_its_weights(padding):
    network = network_of(f"conv 3x5 padding={padding}, dense 4", 12).double()
    x, others = as_input(random_codes(2, 12, letters=4)), as_input(random_codes(6, 12, 3, letters=4))
    leaf = x.clone().requires_grad_()
    (slope,) = torch.autograd.grad(network(leaf)[:, 0].sum(), leaf)
    found = multipliers(network, x, others, 0).values
    torch.testing.assert_close(found, slope.squeeze(2).unsqueeze(1).expand_as(found))


def test_a_maximum_credits_the_place_of_the_higher_value():
    x = torch.tensor([[[[1.0, 5.0, 2.0, 0.0]]]])
    r = torch.tensor([[[[4.0, 0.0, 1.0, 3.0]]]], requires_grad=True)
    found = rescaled(torch.nn.MaxPool2d((1, 2)), Compared.of(x, r))
    assert found.references.flatten().tolist() == [4.0, 3.0]
    (slope,) = torch.autograd.grad(found.references.sum(), r)
    # 5 against 4: place 1, where values differ by 5; 2 against 3: place 3 of the reference, by -3
    assert slope.flatten().tolist() == pytest.approx([0, 1 / 5, 0, 1 / 3])


@pytest.mark.parametrize("stride", [1, 2, 3])
def test_a_pool_behind_a_relu_has_the_slopes_of_both(stride):
    torch.manual_seed(stride)
    x = torch.randn(2, 3, 1, 20, dtype=torch.float64).round(decimals=1)  # places with equal values, and ties
    r = torch.randn(8, 3, 1, 20, dtype=torch.float64).round(decimals=1)
    r[:, :, :, 4:9] = x.repeat_interleave(4, dim=0)[:, :, :, 4:9]
    relu, pool = torch.nn.ReLU(), torch.nn.MaxPool2d((1, 3), (1, stride))
    weight = torch.randn(pool(r).shape, dtype=torch.float64)

    def outputs_and_slopes(rule):
        leaf = r.clone().requires_grad_()
        found = rule(Compared.of(x, leaf))
        return (
            found.sequences,
            found.references,
            torch.autograd.grad((weight * found.references).sum(), leaf)[0],
        )

    together = outputs_and_slopes(lambda pair: rescaled(torch.nn.Sequential(relu, pool), pair))
    apart = outputs_and_slopes(lambda pair: rescaled(pool, rescaled(relu, pair)))
    assert (together[2] != 0).any()
    for one, other in zip(together, apart, strict=True):
        torch.testing.assert_close(one, other)


def test_the_exponential_keeps_its_digits_where_values_are_near_and_is_flat_above_its_cut():
    x = torch.tensor([[1.0, 1.0, 7.0, 9.0, 9.0, 7.0]])
    r = torch.tensor([[1.0, 1.0 + 2**-20, 9.0, 9.0, 10.0, -60.0]], requires_grad=True)
    found = rescaled(EXPONENTIAL, Compared.of(x, r))
    (slope,) = torch.autograd.grad(found.references.sum(), r)
    e = np.exp
    expected = [e(1), e(1 + 2**-21), (e(8) - e(7)) / 2, 0, 0, (e(7) - e(-60)) / 67]
    np.testing.assert_allclose(slope[0].numpy(), expected, rtol=3e-6)


def test_windows_that_overlap_add_up():
    x = torch.tensor([[[[0.0, 6.0, 0.0]]]])
    r = torch.zeros(1, 1, 1, 3, requires_grad=True)
    found = rescaled(torch.nn.MaxPool2d((1, 2), (1, 1)), Compared.of(x, r))
    (slope,) = torch.autograd.grad(found.references.sum(), r)
    assert slope.flatten().tolist() == [0, 2, 0]


@pytest.mark.parametrize("name", ["lecture", "default", "kmer_term", "multiclass"])
def test_stored_models_add_up_with_both_strands_and_their_terms(name, tmp_path):
    model = fixture_model(name, tmp_path)
    explained = ExplainedNetwork(model, CPU)
    width = model.input["width"]
    codes = random_codes(3, width)
    codes[1, : width // 3] = 4
    inputs = SequenceInputs(codes)
    batch = explained.batch(inputs, codes, np.arange(3))
    plan = AttributionPlan(References(4))
    wanted = np.ones((3, len(model.tasks)), dtype=bool)
    wanted[1, -1] = False
    found = deeplift(explained, batch, wanted, plan)
    outputs = explained.outputs(inputs, codes)
    for task, part in found.items():
        rows = np.flatnonzero(wanted[:, task])
        assert part.completeness.max() < 1e-5
        total = part.observed.sum(axis=1, dtype=float)
        np.testing.assert_allclose(total, outputs[rows, task] - part.reference, atol=2e-5)
        shuffled = References(4).of(codes[rows])
        means = explained.outputs(SequenceInputs(shuffled.reshape(-1, width)), shuffled.reshape(-1, width))
        np.testing.assert_allclose(
            part.reference, means[:, task].reshape(len(rows), 4).mean(axis=1), atol=1e-5
        )


def test_attributions_do_not_depend_on_the_other_rows(tmp_path):
    model = fixture_model("lecture", tmp_path)
    explained = ExplainedNetwork(model, CPU)
    codes = random_codes(5, model.input["width"], letters=4)
    plan, inputs = AttributionPlan(References(3)), SequenceInputs(codes)

    def explain(rows):
        batch = explained.batch(inputs, codes, np.array(rows))
        return deeplift(explained, batch, np.ones((len(rows), len(model.tasks)), dtype=bool), plan)[0]

    np.testing.assert_array_equal(explain([3]).observed[0], explain([0, 3, 4]).observed[1])


def test_completeness_is_relative_to_what_is_attributed():
    one = np.array([1.0])
    assert completeness(one * 0.9, one * 2, one, one * 0)[0] == pytest.approx(0.05)
    assert completeness(one * 0, one * 0, one * 1e3, one * (1e3 + 1e-5))[0] == 0
    assert completeness(one * 0, one * 0, one, one * 0)[0] == np.inf
