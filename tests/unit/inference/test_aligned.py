"""Dense layers whose rows do not depend on each other's places."""

import pytest
import torch
from torch import nn

from seqnet.inference.aligned import AlignedLinear, align_rows


@pytest.mark.parametrize("units", [1, 2, 5, 17])
@pytest.mark.parametrize("width", [3, 17, 75, 1003])
def test_equal_rows_have_equal_bits_wherever_they_stand(units, width):
    torch.manual_seed(0)
    layer = nn.Linear(width, units)
    rows = torch.randn(1, width).repeat(256, 1)
    with torch.inference_mode():
        outputs = AlignedLinear(layer)(rows)
        plain = layer(rows)
    assert (outputs == outputs[:1]).all()
    torch.testing.assert_close(outputs, plain)


def test_only_layers_that_need_it_are_replaced_at_any_depth():
    network = nn.Sequential(nn.Linear(32, 5), nn.Sequential(nn.ReLU(), nn.Linear(5, 2, bias=False)))
    rows = torch.randn(4, 32)
    before = network(rows)
    align_rows(network)
    assert type(network[0]) is nn.Linear
    assert type(network[1][1]) is AlignedLinear
    torch.testing.assert_close(network(rows), before)
