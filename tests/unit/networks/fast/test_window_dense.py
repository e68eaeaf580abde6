"""Dense layers over positions, alone and along a stretch."""

import torch
from torch import nn

from seqnet.networks.fast.overlap_save import Blocks
from seqnet.networks.fast.window_dense import WindowDense, window_dense


def test_windows_along_a_stretch_equal_windows_alone():
    torch.manual_seed(0)
    layer = nn.Linear(40 * 9, 70, dtype=torch.float64)
    shared = WindowDense(layer, Blocks(9, 8))
    shared._cut.work = lambda _: -1.0
    x = torch.randn(2, 40, 1, 30, dtype=torch.float64)
    with torch.inference_mode():
        along = shared.unpadded(x)
        assert along.shape == (2, 70, 1, 22)
        for place in range(22):
            window = x[..., place : place + 9]
            expected = layer(window.flatten(1))
            assert torch.equal(shared(window), expected)
            assert torch.equal(shared(window.flatten(1)), expected)
            torch.testing.assert_close(along[..., 0, place], expected, rtol=0, atol=1e-12)


def test_when_sharing_can_pay():
    assert window_dense(nn.Linear(2000, 1000), 200, 10) is not None
    assert window_dense(nn.Linear(2000, 1000), 200, 9) is None
    assert window_dense(nn.Linear(2000, 1000), 1000, 2) is None
    assert window_dense(nn.Linear(64 * 10, 3), 64, 10) is None
