"""How far rounding may move what a network computes, measured on the network itself."""

import copy

import torch

_UNIT = 2.0**-24
"""Half the distance from 1 to the next float32: the relative error of one rounded operation."""


def _rounded(network, seed):
    """A copy in float64 whose weights and layers' outputs are off by as much as one float32 rounding each."""
    copied = copy.deepcopy(network).double()
    generator = torch.Generator().manual_seed(seed)

    def moved(values):
        return values * (1 + _UNIT * torch.randn(values.shape, generator=generator, dtype=torch.float64))

    def after(_, __, output):
        return moved(output) if isinstance(output, torch.Tensor) else output

    with torch.no_grad():
        for weights in copied.parameters():
            weights.copy_(moved(weights))
    for layer in copied.modules():
        if not list(layer.children()):
            layer.register_forward_hook(after)
    return copied


def assert_within_rounding(found, compute, network, limit):
    """Compare outputs in float32 with ``compute(network)`` in float64.

    Differences up to `limit` pass, in relation to the largest output where that is above 1. Where a network
    cancels large values, as behind an exponential, rounding alone moves its outputs further than that, and by
    other amounts on each processor. So larger differences are held against those of copies whose weights
    and layers are off by random roundings: eight times the largest of six, as a sum of many terms is rounded
    more than once.
    """
    with torch.inference_mode():
        expected = compute(copy.deepcopy(network).double())
        assert found.shape == expected.shape
        off = float((found.double() - expected).abs().max())
        if off <= limit * max(1.0, float(expected.abs().max())):
            return
        roundings = [(compute(_rounded(network, seed)) - expected).abs().max() for seed in range(6)]
    assert off <= 8 * float(max(roundings))
