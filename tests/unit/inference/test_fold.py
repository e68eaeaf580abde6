import copy

import pytest
import torch
from torch import nn

from seqnet.inference.fold import fold_batch_norms
from seqnet.networks.grammar import parse_layers
from seqnet.networks.layers import Shape, build_network


def norms(network):
    return sum(isinstance(m, nn.BatchNorm1d | nn.BatchNorm2d) for m in network.modules())


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("conv 6x5, batch_norm, relu, flatten, dense 5, batch_norm, relu", 0),
        ("conv 6x4 bias=false, batch_norm, max_pool 3, dense 5 bias=false, batch_norm", 0),
        ("conv 4x5, relu, batch_norm, global_pool max", 1),
        ("conv 4x5, batch_norm, batch_norm, global_pool max", 1),
        ("conv 4x3, residual(batch_norm, relu, conv 4x3, batch_norm, shortcut(conv 4x1, batch_norm))", 1),
        ("siamese(conv 4x5, batch_norm, relu, global_pool max)", 0),
    ],
)
def test_folded_networks_are_the_same_function(text, left):
    torch.manual_seed(5)
    network = build_network(parse_layers(text), Shape(4, 40), 3).eval()
    for name, tensor in network.state_dict().items():
        if tensor.is_floating_point():
            tensor.copy_(torch.rand(tensor.shape) + 0.5 if "var" in name else 0.4 * torch.randn(tensor.shape))
    folded = copy.deepcopy(network)
    fold_batch_norms(folded)
    assert (norms(network), norms(folded)) == (text.count("batch_norm"), left)
    x = torch.nn.functional.one_hot(torch.randint(0, 4, (9, 40)), 4).float().permute(0, 2, 1).unsqueeze(2)
    with torch.no_grad():
        before, after = torch.sigmoid(network(x)), torch.sigmoid(folded(x))
    assert before.std() > 0.01
    assert (before - after).abs().max() <= 1e-6
