"""Adding a term of sequences to a network's outputs."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from seqnet.aliases import Codes, Floats
from seqnet.parallel import ordered_map

Singles = NDArray[np.float32]
_BASES_AT_ONCE = 1 << 18


def add_in_parts(
    scale: Singles, outputs: Singles, products: Callable[[Codes], Floats], codes: Codes, threads: int
) -> Singles:
    """Return ``scale * outputs`` and a term of the sequences, computed for some rows at a time."""
    step = max(1, _BASES_AT_ONCE // max(1, codes.shape[1]))
    parts = list(
        ordered_map(lambda begin: products(codes[begin : begin + step]), range(0, len(codes), step), threads)
    )
    combined: Singles = (scale * outputs.astype(np.float64)).astype(np.float32)
    return combined + np.concatenate(parts).astype(np.float32) if parts else combined
