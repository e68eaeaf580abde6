"""The request of ``coverage``; standard library only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from seqnet.errors import UsageError

if TYPE_CHECKING:
    from seqnet.formats.files.header import HeaderMode
    from seqnet.genome.regions import OnBad

STRAND = "{strand}"
"""Placeholder for a strand in the path of an output."""
Count: TypeAlias = Literal["cuts", "fragments", "reads"]
Strand: TypeAlias = Literal["both", "+", "-"]
Normalize: TypeAlias = Literal["none", "cpm", "1x"]


@dataclass(frozen=True)
class CoverageRequest:
    """Which reads to count, and how; the fields are the options of ``seqnet coverage``.

    Parameters
    ----------
    reads
        BAM, CRAM, BED or BEDPE.
    count
        The base at each read's 5' end, each proper pair from end to end, or each read's matched bases.
    output
        Where the track goes, with ``{strand}`` in it for one track a strand; None returns it.
    shift
        Bases by which cuts of the forward and of the reverse strand are moved to the right.
    width
        Bases of a value.

    Raises
    ------
    UsageError
        If fields contradict each other.
    """

    reads: str
    count: Count
    output: str | None = None
    genome: str | None = None
    shift: tuple[int, int] | None = None
    extend: int | None = None
    min_mapq: int = 30
    exclude_flags: int = 1804
    include_flags: int = 0
    subsample: float | None = None
    normalize: Normalize = "none"
    effective_size: int | None = None
    strand: Strand = "both"
    width: int = 1
    skip_zeros: bool = False
    tmpdir: str | None = None
    chroms: tuple[str, ...] = ()
    on_bad: OnBad = "error"
    seed: int = 0
    threads: int = 1
    header: HeaderMode = "full"

    def __post_init__(self) -> None:
        """Refuse fields that contradict each other."""
        if self.count != "cuts" and self.shift is not None:
            raise UsageError("--shift moves cuts; it has no meaning for --count " + self.count)
        if self.count == "cuts" and self.extend is not None:
            raise UsageError("--extend is for reads and fragments, not for cuts")
        if self.effective_size is not None and self.normalize != "1x":
            raise UsageError("--effective-size is for --normalize 1x")
        if self.by_strand and self.strand != "both":
            raise UsageError(f"--strand {self.strand} writes one track; leave {STRAND} out of {self.output}")

    @property
    def by_strand(self) -> bool:
        """Whether each strand has a separate output."""
        return self.output is not None and STRAND in self.output
