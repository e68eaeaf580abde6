"""Names for the array types and callbacks that signatures repeat."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Codes: TypeAlias = NDArray[np.uint8]
"""Bases as codes: A C G T = 0 1 2 3, ambiguous = 4; shape (length,) unless said otherwise."""

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]
Reals: TypeAlias = NDArray[np.floating[Any]]
"""Floating-point numbers of any precision."""
Integers: TypeAlias = NDArray[np.integer[Any]]
"""Whole numbers of any size, signed or not."""
Bools: TypeAlias = NDArray[np.bool_]

Progress: TypeAlias = Callable[[int], object]
"""Called with the number of units of work done since the last call."""


def no_progress(_done: int) -> None:
    """Ignore progress; the default of every long computation."""


Json: TypeAlias = dict[str, Any]
"""A decoded JSON object."""
