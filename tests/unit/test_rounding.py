"""What tests of networks take for rounding."""

import copy

import pytest
import torch

from tests.rounding import assert_within_rounding
from tests.unit.attribution.networks import as_input, network_of, random_codes

STEEP = "conv 32x2, exponential, conv 32x2, exponential, dense 7, batch_norm, tanh"
"""Exponentials of exponentials, which cancel in the dense layer."""


@pytest.mark.parametrize("text", ["conv 6x3, relu, residual(batch_norm, conv 6x3), global_pool max", STEEP])
@pytest.mark.parametrize("shift", [0, 1e-3])
def test_float32_passes_and_a_fault_does_not(text, shift):
    network = network_of(text, 30)
    x = as_input(random_codes(8, 30))
    found = network(x.float()) + shift
    if shift:
        with pytest.raises(AssertionError):
            assert_within_rounding(found, lambda double: double(x), network, 3e-6)
    else:
        assert_within_rounding(found, lambda double: double(x), network, 3e-6)


def test_rounding_beyond_the_limit_is_measured_on_the_network():
    network = network_of(STEEP, 30)
    x = as_input(random_codes(8, 30))
    found = network(x.float())
    off = (found - copy.deepcopy(network).double()(x)).abs().max()
    assert_within_rounding(found, lambda double: double(x), network, float(off) / 100)


def test_recurrent_layers_are_rounded_too():
    network = network_of("conv 6x3, bilstm 4, flatten", 30)
    x = as_input(random_codes(8, 30))
    assert_within_rounding(network(x.float()), lambda double: double(x), network, 1e-12)
    with pytest.raises(AssertionError):
        assert_within_rounding(torch.zeros(8, 2), lambda double: double(x), network, 1e-12)
