import pytest
import torch

from seqnet.errors import SeqnetError
from seqnet.networks.grammar import parse_layers
from seqnet.networks.layers import Shape, build_network
from seqnet.networks.masking import carried, inside_sequence
from seqnet.networks.presets import PRESETS, with_masked_pools


def one_hot(text):
    """(1, 4, 1, L); N is all zeros."""
    return torch.tensor([[letter == base for letter in text] for base in "ACGT"]).float()[None, :, None]


def test_padding_is_outside_and_ambiguous_bases_are_not():
    found = inside_sequence(one_hot("NNACNNGTN"))[0, 0, 0].tolist()
    assert found == [False, False, True, True, True, True, True, True, False]
    assert not inside_sequence(one_hot("NNN")).any()


@pytest.mark.parametrize("kind", ["max", "average", "max_average"])
@pytest.mark.parametrize("width", [4, 5])
def test_a_padded_sequence_is_pooled_as_it_would_be_alone(kind, width):
    torch.manual_seed(0)
    layers = parse_layers(f"conv 6x{width}, tanh, global_pool {kind} masked=true, dense 3, tanh")
    sequence = "ACGTTGCAAC"
    alone = build_network(layers, Shape(4, 10), 2)
    for weight in alone[0].parameters():  # so that padding, all zeros, would be the largest
        torch.nn.init.uniform_(weight, -1, 0)
    padded = build_network(layers, Shape(4, 25), 2)
    padded.load_state_dict(alone.state_dict())
    both = torch.cat([one_hot("N" * 7 + sequence + "N" * 8), one_hot(sequence + "N" * 15)])
    expected = alone(one_hot(sequence)).expand(2, 2)
    torch.testing.assert_close(padded(both), expected)
    plain = build_network(
        parse_layers(f"conv 6x{width}, tanh, global_pool {kind}, dense 3, tanh"), Shape(4, 25), 2
    )
    plain.load_state_dict(alone.state_dict())
    assert not torch.allclose(plain(both), expected)  # the mask is needed


@pytest.mark.parametrize(
    "text",
    ["conv 3x5 padding=valid", "conv 3x4 stride=2", "conv 3x3 dilation=3 padding=1", "max_pool 3 stride=2 partial=true",
     "average_pool 4", "residual(conv 4x3)", "batch_norm, conv 2x6, max_pool 2"],
)  # fmt: skip
def test_the_mask_has_the_length_of_what_comes_out(text):
    network = build_network(parse_layers(text + ", output per_position=true"), Shape(4, 21), 1)
    x = one_hot("NNNNNN" + "ACGTACGTA" + "NNNNNN")
    inside = carried(inside_sequence(x), network[:-1])
    assert inside.shape[3] == network(x).shape[2]
    assert 0 < inside.sum() < inside.shape[3]


def test_without_padding_or_without_bases_nothing_is_masked():
    torch.manual_seed(0)
    masked = build_network(with_masked_pools(PRESETS["default"].layers), Shape(4, 40), 1).eval()
    plain = build_network(PRESETS["default"].layers, Shape(4, 40), 1).eval()
    plain.load_state_dict(masked.state_dict())
    for sequence in ("ACGT" * 10, "N" * 40):
        assert torch.isfinite(masked(one_hot(sequence))).all()
        torch.testing.assert_close(masked(one_hot(sequence)), plain(one_hot(sequence)))


def test_what_stands_beside_a_masked_pool_sees_zeros_in_place_of_padding():
    torch.manual_seed(0)
    text = "conv 6x5, sigmoid, parallel(global_pool max_average{}, beside(flatten)), dense 3"
    masked = build_network(parse_layers(text.format(" masked=true")), Shape(4, 25), 2)
    plain = build_network(parse_layers(text.format("")), Shape(4, 25), 2)
    plain.load_state_dict(masked.state_dict())
    x = one_hot("N" * 7 + "ACGTTGCAAC" + "N" * 8)
    values = plain[:2](x)
    middle = values[..., 7:17]
    positions = torch.zeros_like(values)
    positions[..., 7:17] = middle
    pooled = torch.cat([middle.amax((2, 3)), middle.mean((2, 3)), positions.flatten(1)], dim=1)
    torch.testing.assert_close(masked(x), plain[3:](pooled))
    assert not torch.allclose(masked(x), plain(x))


def test_the_mask_goes_through_parallel_convolutions():
    network = build_network(
        parse_layers("parallel(max_pool 2, beside(conv 3x5, max_pool 2)), global_pool max masked=true"),
        Shape(4, 12), 1,
    )  # fmt: skip
    x = one_hot("NNNNACGTNNNN")
    inside = carried(inside_sequence(x), network[0])
    assert inside[0, 0, 0].tolist() == [False, False, True, True, False, False]
    torch.testing.assert_close(network(x), network[-1](network[0](x)[..., 2:4].amax((2, 3))))


def test_gradients_through_the_mask():
    network = build_network(
        parse_layers("conv 3x3, tanh, global_pool max_average masked=true"), Shape(4, 9), 1
    ).double()
    x = one_hot("NACGTTGNN").double().requires_grad_()
    assert torch.autograd.gradcheck(
        lambda weight: torch.func.functional_call(network, {"0.weight": weight}, (x.detach(),)),
        network[0].weight,
    )


def test_masked_pools_stand_outside_other_layers():
    for text in ("global_pool max masked=true", "parallel(flatten, beside(global_pool max masked=true))"):
        with pytest.raises(SeqnetError, match="a masked pool cannot be inside another layer"):
            build_network(parse_layers(f"siamese({text})"), Shape(4, 9), 1)
