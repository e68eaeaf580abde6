"""Residual blocks x + conv(relu(norm(x))) of three taps, computed in one pass: of sequences, or of edits.

Two outputs take four products instead of six (Winograd 1980, F(2, 3)); the formulas are in
`kernels/src/residual.h`. Blocks run where processors have fused multiplications; elsewhere the layers are
applied one by one.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqnet.aliases import Floats, Ints
from seqnet.kernels import _dispatch

Singles = NDArray[np.float32]

PANEL = 32
"""Filters that lie side by side in the matrices: channels are a multiple of it."""


class ResidualBlock(NamedTuple):
    """A block of C channels, float32."""

    scale: Singles
    """(C,): what the norm multiplies by."""
    shift: Singles
    """(C,): and what it adds."""
    matrices: Singles
    """(4, C / PANEL, C, PANEL), of `matrices`."""
    bias: Singles
    """(C,): of the convolution."""
    dilation: int


class EditWindows(NamedTuple):
    """Where the windows of edits lie, see `seqnet.inference.sharing.edited`."""

    start: int
    """Position of the first window; it may lie outside the sequence."""
    step: int
    """From one window to the next."""
    length: int
    """Positions of a sequence."""


def residual_runs_here() -> bool:
    """Return whether blocks are compiled for this processor."""
    kernels = _dispatch.chosen()
    return kernels.module is not None and kernels.module.residual_runs(kernels.kind)


def matrices(weight: Floats) -> Singles:
    """Return the four matrices of a convolution's weights, float64 (C, C, 3): (4, C / PANEL, C, PANEL)."""
    first, middle, last = np.moveaxis(weight, 2, 0)
    each = np.stack([first, (first + middle + last) / 2, (first - middle + last) / 2, last])
    _, filters, channels = each.shape
    panels = each.reshape(4, filters // PANEL, PANEL, channels).transpose(0, 1, 3, 2)
    return np.ascontiguousarray(panels, dtype=np.float32)


def residual_rows(block: ResidualBlock, x: Singles, out: Singles) -> None:
    """Apply a block to sequences.

    Parameters
    ----------
    x
        float32 (n, L, C), contiguous.
    out
        float32 (n, L, C), contiguous, which is filled; not x.

    Raises
    ------
    ValueError
        If sizes do not fit.
    """
    module, kind = _dispatch.in_force()
    module.residual_rows(
        kind, x, block.scale, block.shift, block.matrices, block.bias, block.dilation, x.shape[1], out
    )


def residual_edits(
    block: ResidualBlock, x: Singles, unedited: Singles, windows: EditWindows, differs: bool, out: Singles
) -> None:
    """Apply a block to edits of sequences.

    Parameters
    ----------
    x
        float32 (w, b, K, R, C), contiguous: values, which mean nothing outside the sequence, or differences
        from the unedited ones, which are 0 there.
    unedited
        float32 (w, b, K, C), a view with all channels side by side: the unedited values.
    differs
        Whether x holds differences.
    out
        float32 (w + 2 dilation, b, K, R, C), contiguous, which is filled with differences, 0 outside the
        sequence. Its windows begin a dilation earlier.

    Raises
    ------
    ValueError
        If sizes do not fit.
    """
    module, kind = _dispatch.in_force()
    along, edits = _edits(unedited, x.shape, windows)
    module.residual_edits(
        kind, x, along, block.scale, block.shift, block.matrices, block.dilation, edits, differs, out
    )


class Rectified(NamedTuple):
    """What a relu makes of edits, float32."""

    differences: Singles
    """(w, b, K, R, C), 0 outside the sequence."""
    highest: Singles
    """(b, K, R, C): the highest value of each window within the sequence; minus infinity without one."""
    total: Singles
    """(b, K, R, C): the sum of its differences."""


def rectify_edits(
    scale: Singles, x: Singles, unedited: Singles, windows: EditWindows, out: Rectified
) -> None:
    """Apply a relu to edits of sequences.

    Parameters
    ----------
    scale
        (C,), C a multiple of `PANEL`: what the differences are multiplied by first.
    x
        float32 (w, b, K, R, C), contiguous: differences from the unedited values.
    unedited
        As for `residual_edits`.
    out
        Contiguous, which is filled.

    Raises
    ------
    ValueError
        If sizes do not fit.
    """
    module, kind = _dispatch.in_force()
    along, edits = _edits(unedited, x.shape, windows)
    module.rectify_edits(kind, x, along, scale, edits, *out)


def _edits(unedited: Singles, shape: tuple[int, ...], windows: EditWindows) -> tuple[Singles, Ints]:
    """Return the memory of the unedited values of edits, and where edits lie, as the kernels take it.

    That is int64 (10,): positions, rows, places, bases; how far apart positions, rows and places are in
    memory; start, step and length.
    """
    positions, rows, places, bases, channels = shape
    if unedited.shape != (positions, rows, places, channels) or unedited.strides[3] != unedited.itemsize:
        raise ValueError("unedited values must be those of the edits, all channels side by side")
    strides = [stride // unedited.itemsize for stride in unedited.strides[:3]]
    size = channels + sum(
        (count - 1) * stride for count, stride in zip(unedited.shape[:3], strides, strict=True)
    )
    along = np.lib.stride_tricks.as_strided(unedited, (size,), (unedited.itemsize,), writeable=False)
    return along, np.array([positions, rows, places, bases, *strides, *windows], dtype=np.int64)
