"""The request of a description; standard library only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from seqnet.formats.motifs.entries import OnBadMotif, OnDuplicate


@dataclass(frozen=True)
class ShowRequest:
    """Which file to describe; the fields are the options of ``seqnet show``.

    Parameters
    ----------
    file
        Anything that seqnet reads.
    coefficients
        Rank the k-mers of a linear model instead.
    output
        Where the text goes; None returns the description alone.
    """

    file: str = "-"
    output: str | None = None
    coefficients: bool = False
    on_bad: OnBadMotif = "error"
    on_duplicate: OnDuplicate = "error"
