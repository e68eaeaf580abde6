"""Numbers as text: the shortest that reads back equal, and probabilities of any smallness."""

from __future__ import annotations

from math import exp, floor, log

import numpy as np
from numpy.typing import NDArray

UNKNOWN = "."
_LOG_SMALLEST = -700.0
"""Natural logarithm below which float64 loses digits, with some room."""


def format_number(value: float) -> str:
    """Write a float64: ``.`` for NaN, whole numbers without a point."""
    if value != value:
        return UNKNOWN
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(float(value))


def format_singles(values: NDArray[np.float32]) -> list[list[str]]:
    """Write finite float32 values (n, m), whole numbers without a point."""
    texts: list[list[str]] = values.astype(str).tolist()
    return [[text.removesuffix(".0") for text in row] for row in texts]


def format_log_probability(log_p: float) -> str:
    """Write exp(log_p) with six significant digits, also where it is below the smallest float64."""
    if log_p > _LOG_SMALLEST:
        return f"{exp(log_p):.6g}"
    exponent = floor(log_p / log(10))
    mantissa, shift = f"{exp(log_p - exponent * log(10)):.5e}".split("e")
    return f"{mantissa.rstrip('0').rstrip('.')}e{exponent + int(shift)}"
