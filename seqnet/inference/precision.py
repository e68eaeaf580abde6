"""The arithmetic of training: float32, or bfloat16 where the processor has it."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from functools import cache
from typing import Literal, TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional

_ROWS, _POSITIONS = 4, 64
"""Of the inputs that convolutions are tried on."""
_WRONG = 0.1
"""Relative error above which it is not rounding: that of bfloat16 is about .003."""

Precision: TypeAlias = Literal["float32", "bf16"]


def native_bf16(device: torch.device) -> bool:
    """Return whether a device multiplies bfloat16 in hardware."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if device.type == "cpu":
        return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())
    return False


def choose_precision(name: str, device: torch.device) -> Precision:
    """Return what ``auto`` means on a device; other names are themselves."""
    if name == "auto":
        return "bf16" if native_bf16(device) else "float32"
    return "bf16" if name == "bf16" else "float32"


def autocast(precision: Precision, device: torch.device) -> AbstractContextManager[object]:
    """Return the context in which the network runs forward."""
    if precision == "float32":
        return nullcontext()
    return torch.autocast(device.type, dtype=torch.bfloat16)


def wrong_in_bf16(network: nn.Module) -> str:
    """Return in words a convolution that the processor here computes wrong in bfloat16; empty for none.

    With AMX, torch 2.13 returns other numbers for 4 or 8 channels and 16, 24 or 32 positions, and no error.

    Parameters
    ----------
    network
        Its weights do not matter; it may be on torch's device ``meta``.
    """
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d):
            sizes = layer.in_channels, layer.out_channels, layer.kernel_size[1]
            if not _right_in_bf16(*sizes, layer.stride[1], layer.dilation[1], layer.groups):
                return f"{sizes[1]} filters of {sizes[2]} positions over {sizes[0]} channels"
    return ""


@cache
def _right_in_bf16(channels: int, filters: int, width: int, stride: int, dilation: int, groups: int) -> bool:
    """Return whether bfloat16 gives about what float32 gives for a convolution and its gradients."""
    generator = torch.Generator().manual_seed(0)
    length = _POSITIONS + dilation * (width - 1)
    x = torch.randn(_ROWS, channels, 1, length, generator=generator)
    weight = torch.randn(filters, channels // groups, 1, width, generator=generator)

    def found(dtype: torch.dtype) -> list[Tensor]:
        leaves = [
            part.to(dtype).contiguous(memory_format=torch.channels_last).requires_grad_()
            for part in (x, weight)
        ]
        rows, filters_of = leaves
        outputs = functional.conv2d(rows, filters_of, None, (1, stride), 0, (1, dilation), groups)
        slopes = torch.autograd.grad(outputs.float().square().sum(), leaves)
        return [part.detach().float() for part in (outputs, *slopes)]

    with torch.inference_mode(False), torch.enable_grad():
        pairs = zip(found(torch.float32), found(torch.bfloat16), strict=True)
        return all(float((one - other).norm()) < _WRONG * float(one.norm()) for one, other in pairs)
