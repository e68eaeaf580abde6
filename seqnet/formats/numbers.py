"""Numbers as text: the shortest that reads back equal."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

UNKNOWN = "."


def format_number(value: float) -> str:
    """Write a float64: ``.`` for NaN, whole numbers without a point."""
    if value != value:
        return UNKNOWN
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(float(value))


def format_singles(values: NDArray[np.float32]) -> list[list[str]]:
    """Write finite float32 values (n, m), whole numbers without a point."""
    texts: list[list[str]] = values.astype(str).tolist()
    return [[text.removesuffix(".0") for text in row] for row in texts]
