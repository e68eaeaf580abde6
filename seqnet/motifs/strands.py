"""Which strands a motif is looked for on."""

from __future__ import annotations

from typing import Literal, TypeAlias

from seqnet.kernels.windows import Strand
from seqnet.motifs.matrix import RNA, MotifInfo

Strands: TypeAlias = Literal["both", "forward", "reverse"]
STRANDS: tuple[Strands, ...] = ("both", "forward", "reverse")
KERNEL_STRANDS: dict[Strands, Strand] = {"both": "max", "forward": "+", "reverse": "-"}
"""The same as the kernels name it."""


def strands_of(info: MotifInfo, asked: Strands | None = None) -> Strands:
    """Return the strands a motif is searched on: the requested ones, else those of its alphabet.

    A motif of DNA may lie on either strand; RNA has one.

    Examples
    --------
    >>> strands_of(MotifInfo("PUM2", alphabet=RNA)), strands_of(MotifInfo("CTCF"))
    ('forward', 'both')
    """
    if asked is not None:
        return asked
    return "forward" if info.alphabet == RNA else "both"


def strand_count(strands: Strands) -> int:
    """Return how many strands are scanned."""
    return 2 if strands == "both" else 1
