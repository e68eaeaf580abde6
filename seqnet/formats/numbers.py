"""Numbers as text: the shortest that reads back equal, and probabilities of any smallness."""

from __future__ import annotations

from math import exp, floor, isfinite, log, nan

import numpy as np
from numpy.typing import NDArray

from seqnet.errors import FormatError

UNKNOWN = "."
_LOG_SMALLEST = -700.0
"""Natural logarithm below which float64 loses digits, with some room."""


def format_number(value: float) -> str:
    """Write a float64: ``.`` for NaN, whole numbers without a point."""
    if value != value:
        return UNKNOWN
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(float(value))


def parse_target(text: str, task: str, path: str, line: int) -> float:
    """Read a target or a prediction; NaN where it is unknown.

    Raises
    ------
    FormatError
        Naming the task and what was found, if it is neither a finite number nor ``.``.
    """
    if text == UNKNOWN:
        return nan
    try:
        value = float(text)
    except ValueError:
        value = nan
    if not isfinite(value):
        raise FormatError(path, f"{task} is {text!r}; expected a number or {UNKNOWN}", line)
    return value


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
