"""The request of ``check``; standard library only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seqnet.pipeline.inputs.request import SplitRequest

if TYPE_CHECKING:
    from seqnet.formats.files.header import HeaderMode


@dataclass(frozen=True)
class CheckRequest(SplitRequest):
    """Which inputs to check together; the fields are the options of ``seqnet check``.

    Parameters
    ----------
    regions
        A labelled-regions table or another BED file; stdin where no other input is given.
    signals
        Tracks as ``NAME=FILE``.
    output
        Where the table of findings goes; None returns it alone.
    """

    regions: str | None = None
    genome: str | None = None
    output: str | None = None
    chroms: tuple[str, ...] = ()
    signals: tuple[str, ...] = ()
    motifs: str | None = None
    predictions: str | None = None
    tasks: Sequence[str] | None = None
    seed: int = 0
    json_path: str | None = None
    header: HeaderMode = "full"

    @property
    def table(self) -> str | None:
        """The file of regions, ``-`` for stdin; None where there is none."""
        others = (self.genome, self.motifs, self.predictions, *self.signals)
        return self.regions if self.regions is not None or any(others) else "-"
