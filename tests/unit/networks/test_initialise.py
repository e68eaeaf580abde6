import numpy as np
import pytest
import torch

from seqnet.errors import SeqnetError, UsageError
from seqnet.networks.grammar import parse_layers
from seqnet.networks.initialise import (
    first_convolution,
    initialise,
    motif_filters,
    prior_outputs,
    set_first_filters,
    set_output_bias,
)
from seqnet.networks.initialisers import INITIALISERS
from seqnet.networks.layers import Shape, build_network
from seqnet.networks.losses import LOSSES, OUTPUTS

NAN = float("nan")


def network_of(text, shape, tasks=1):
    return build_network(parse_layers(text), shape, tasks)


@pytest.mark.parametrize(
    ("name", "convolution", "dense"),
    # 4 x 15 inputs of a filter, 64 x 15 outputs; 640 inputs of a unit, 300 outputs
    [
        ("normal", 0.01, 0.01),
        ("fan-in", 60**-0.5, 640**-0.5),
        ("glorot", (2 / (60 + 960)) ** 0.5, (2 / (640 + 300)) ** 0.5),
        ("he", (2 / 60) ** 0.5, (2 / 640) ** 0.5),
    ],
)
def test_weights_are_as_wide_as_the_formula_says(name, convolution, dense):
    torch.manual_seed(0)
    network = network_of("conv 64x15, relu, max_pool 2, dense 300", Shape(4, 20))
    initialise(network, name)
    for weight, deviation in ((network[0].weight, convolution), (network[3][1].weight, dense)):
        assert weight.std().item() == pytest.approx(deviation, rel=0.05)
        assert abs(weight.mean().item()) < 5 * deviation / weight.numel() ** 0.5
    assert not network[0].bias.any()
    assert not network[-1].bias.any()


def test_the_memory_s_gates_each_count_as_a_layer():
    torch.manual_seed(0)
    network = network_of("bilstm 200", Shape(100, 3))
    initialise(network, "glorot")
    assert network[0].lstm.weight_ih_l0.std().item() == pytest.approx((2 / 300) ** 0.5, rel=0.05)
    assert not network[0].lstm.bias_ih_l0.any()


def test_activations_keep_their_variance_with_weights_of_one_over_root_n():
    # the lecture's: y = sum of n terms w x, var(y) = n var(w) var(x) = 1
    torch.manual_seed(0)
    network = network_of("dense 512, dense 512, dense 512, dense 512", Shape(512, None), 512)
    initialise(network, "fan-in")
    x = torch.randn(400, 512)
    for layer in network:
        x = layer(x)
        assert x.var().item() == pytest.approx(1, abs=0.15)
    initialise(network, "normal")  # with 0.01 the signal is gone after five layers
    assert network(torch.randn(400, 512)).var().item() < 1e-4


def test_he_keeps_the_variance_of_relu_layers():
    torch.manual_seed(0)
    network = network_of("dense 512, relu, dense 512, relu, dense 512, relu", Shape(512, None), 512)
    initialise(network, "he")
    out = network(torch.randn(400, 512))
    assert 1.4 < out.var().item() < 2.7  # each weighted sum has variance 2: E[relu^2] is half of it


def test_hidden_units_that_start_at_zero_stay_identical():
    torch.manual_seed(0)
    network = network_of("dense 5, sigmoid", Shape(6, None)).double()
    with pytest.raises(UsageError, match=r"hidden units that start equal .* stay identical; .*--force"):
        initialise(network, "zeros")
    initialise(network, "zeros", force=True)
    x = torch.randn(50, 6, dtype=torch.float64)
    y = (x[:, :1] > 0).double()
    optimiser = torch.optim.SGD(network.parameters(), lr=1.0)
    for _ in range(100):
        optimiser.zero_grad()
        LOSSES["bce"](network(x), y).backward()
        optimiser.step()
    weight = network[0].weight.detach()
    assert weight.abs().max() > 0.5  # it does learn
    torch.testing.assert_close(weight, weight[:1].expand(5, 6), rtol=1e-9, atol=0)
    initialise(network, "normal")
    assert not torch.allclose(network[0].weight, network[0].weight[:1].expand(5, 6))


def test_a_model_without_hidden_layers_may_start_at_zero():
    network = build_network([], Shape(6, None), 2)
    initialise(network, "zeros")
    assert not network[0].weight.any()


def test_the_same_seed_gives_the_same_weights():
    weights = []
    for _ in range(2):
        torch.manual_seed(3)
        network = network_of("conv 3x5, relu, flatten, dense 2", Shape(4, 9))
        initialise(network, "he")
        weights.append(torch.cat([p.detach().ravel() for p in network.parameters()]))
    assert torch.equal(*weights)
    assert all(row.help for row in INITIALISERS.values())


@pytest.mark.parametrize("output", OUTPUTS)
def test_the_prior_is_the_mean_of_what_is_known(output):
    targets = np.array([[1, 0, NAN], [1, 0, 0], [0, 1, 0], [0, NAN, 1]], dtype=float)
    if output == "softmax":
        targets = np.nan_to_num(targets)
    found = OUTPUTS[output](torch.from_numpy(prior_outputs(targets, output))[None])
    assert found[0].numpy() == pytest.approx(np.nanmean(targets, axis=0))


def test_priors_at_the_edge_stay_finite():
    targets = np.array([[1, 0, NAN]] * 10, dtype=float)
    logits = prior_outputs(targets, "sigmoid")
    assert logits == pytest.approx([np.log(0.95 / 0.05), np.log(0.05 / 0.95), 0])


def test_the_output_starts_at_the_prior():
    network = network_of("conv 3x5, relu, flatten", Shape(4, 9), 2)
    set_output_bias(network, np.array([0.5, -2.0]))
    assert network[-1].bias.tolist() == [0.5, -2.0]
    with pytest.raises(SeqnetError, match="no bias"):
        set_output_bias(network_of("flatten, output bias=false", Shape(4, 9)), np.zeros(1))


def test_motifs_as_filters_score_both_strands():
    rng = np.random.default_rng(0)
    pssm = rng.normal(size=(6, 4))
    bank = motif_filters([pssm], 9)
    assert bank.shape == (2, 4, 9)
    network = network_of("conv 2x9 padding=valid", Shape(4, 30))
    set_first_filters(first_convolution(network), bank)
    codes = rng.integers(0, 4, 30)
    x = torch.from_numpy(np.eye(4)[codes].T[None, :, None].astype(np.float32))
    found = network[0](x)[0, :, 0].detach().numpy()
    window = [codes[i + 1 : i + 7] for i in range(22)]  # the motif stands one from the filter's left
    assert found[0] == pytest.approx([pssm[range(6), w].sum() for w in window], abs=1e-5)
    # the other strand's word from the same window, which the turned filter keeps two from the left
    other = [3 - codes[i + 2 : i + 8][::-1] for i in range(22)]
    assert found[1] == pytest.approx([pssm[range(6), w].sum() for w in other], abs=1e-5)


def test_a_wide_motif_gives_its_best_part():
    pssm = np.full((7, 4), -1.0)
    pssm[3:6, 2] = [1.0, 2.0, 1.0]
    assert np.array_equal(motif_filters([pssm], 3)[0], pssm[3:6].T)


def test_motifs_leave_other_filters_and_are_blind_to_signals():
    network = network_of("conv 5x4 padding=valid", Shape(6, 9))
    before = network[0].weight.detach().clone()
    set_first_filters(first_convolution(network), motif_filters([np.ones((4, 4))], 4))
    assert torch.equal(network[0].weight[2:], before[2:])
    assert (network[0].weight[:2, :4] == 1).all()
    assert not network[0].weight[:2, 4:].any()


def test_motifs_that_cannot_be_filters():
    with pytest.raises(ValueError, match="motif 2 holds scores that are not finite"):
        motif_filters([np.zeros((3, 4)), np.full((3, 4), -np.inf)], 5)
    network = network_of("conv 3x5", Shape(4, 9))
    with pytest.raises(
        SeqnetError, match="2 motifs on both strands need 4 filters; the first convolution has 3"
    ):
        set_first_filters(first_convolution(network), motif_filters([np.ones((4, 4))] * 2, 5))
    with pytest.raises(SeqnetError, match="no convolution"):
        first_convolution(network_of("dense 3", Shape(4, 9)))


def test_the_prior_of_targets_at_each_position_is_their_mean_over_rows_and_positions():
    targets = np.random.default_rng(0).normal(size=(7, 2, 5))
    targets[0, 1, :3] = np.nan
    expected = [np.nanmean(targets[:, task]) for task in range(2)]
    np.testing.assert_allclose(prior_outputs(targets, "identity"), expected)
    network = network_of("conv 2x5, relu, output per_position=true width=1", Shape(4, 9), 2)
    set_output_bias(network, prior_outputs(targets, "identity"))
    last = [part for part in network.modules() if isinstance(part, torch.nn.Conv2d)][-1]
    np.testing.assert_allclose(last.bias.detach().numpy(), expected, rtol=1e-6)


def test_a_bias_of_another_size_than_the_prior_is_refused():
    with pytest.raises(SeqnetError, match="the prior has 3 values; the last layer's bias has 1"):
        set_output_bias(network_of("flatten, output", Shape(4, 9)), np.zeros(3))
