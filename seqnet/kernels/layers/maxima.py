"""Maxima of neighbouring rows: a pool along positions."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from seqnet.kernels import _dispatch

Singles = NDArray[np.float32]


def maxima(rows: Singles, span: int, stride: int, out: Singles) -> None:
    """Take the maximum of each column of windows of rows; it is NaN where a value is.

    Parameters
    ----------
    rows
        float32 (L, C), contiguous.
    span, stride
        Rows of a window, and from one window to the next.
    out
        float32 (count, C), contiguous, which is filled.

    Raises
    ------
    ValueError
        If a window reaches behind the rows, or sizes do not fit.
    """
    maxima_with(_dispatch.description(), rows, span, stride, out)


def maxima_with(kind: str, rows: Singles, span: int, stride: int, out: Singles) -> None:
    """Do what `maxima` does, with a kind of kernels out of `_dispatch.available`."""
    compiled = None if kind == "numpy" else _dispatch.compiled()
    if compiled is None:
        maxima_numpy(rows, span, stride, out)
    else:
        compiled.maxima(kind, rows, out.shape[1], span, stride, out)


def maxima_numpy(rows: Singles, span: int, stride: int, out: Singles) -> None:
    """Do what `maxima` does without the compiled kernel."""
    reach = (len(out) - 1) * stride + 1
    if min(span, stride, out.shape[1]) < 1 or (len(out) and len(rows) < reach + span - 1):
        raise ValueError("maxima must be of whole rows that are there")
    if len(out):
        np.copyto(out, rows[:reach:stride])
        for shift in range(1, span):
            np.maximum(out, rows[shift : shift + reach : stride], out=out)
