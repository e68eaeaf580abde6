"""The requests of enrich, compare and logo; standard library only."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from seqnet.errors import UsageError
from seqnet.pipeline.motifs.request import DEFAULT_P_VALUE, Score, ScoredSelection, Threshold

if TYPE_CHECKING:
    from seqnet.formats.files.header import HeaderMode
    from seqnet.formats.motifs.entries import OnBadMotif, OnDuplicate
    from seqnet.genome.alphabet import LowerCase
    from seqnet.genome.regions import Center
    from seqnet.motifs.compare import Distance
    from seqnet.motifs.information import Height, SmallSample
    from seqnet.motifs.matrix import MotifSet
    from seqnet.motifs.strands import Strands
    from seqnet.pipeline.motifs.pictures import Orientation


SHUFFLE, GC = "shuffle", "gc"
"""Alternatives to a file of negatives."""


@dataclass(frozen=True)
class EnrichRequest(ScoredSelection):
    """Which motifs to count in which two sets of sequences; the fields are the options of ``seqnet enrich``.

    Parameters
    ----------
    motifs
        A motif or PSSM file, or a `MotifSet`.
    sequences
        The positives: FASTA; None with `regions`.
    against
        The negatives: FASTA; ``shuffle`` for dinucleotide shuffles of the positives, ``gc`` for windows of
        the genome with the GC content of `regions`. None with `against_regions`, and for shuffles.
    score
        Bits; ``file`` for each motif's own threshold in the motif file.
    output
        Where the table goes; None returns it.

    Raises
    ------
    UsageError
        If fields contradict each other.
    """

    motifs: str | MotifSet
    sequences: str | None = None
    against: str | None = None
    output: str | None = None
    genome: str | None = None
    regions: str | None = None
    against_regions: str | None = None
    width: int | None = None
    center: Center = "auto"
    chroms: tuple[str, ...] = ()
    soft_mask: LowerCase = "ignore"
    strands: Strands | None = None
    p_value: float | None = None
    score: Score | None = None
    exact: bool = False
    seed: int = 0
    sort_by: Literal["p-value", "motif"] = "p-value"
    threads: int = 1
    header: HeaderMode = "full"

    def __post_init__(self) -> None:
        """Refuse fields that contradict each other."""
        if self.p_value is not None and self.score is not None:
            raise UsageError("--p-value and --score exclude each other")
        _ = self.threshold
        if self.sequences is not None and self.regions is not None:
            raise UsageError("give SEQUENCES or --regions, not both")
        if self.against is not None and self.against_regions is not None:
            raise UsageError("give --against or --against-regions, not both")
        if self.against == GC and self.regions is None:
            raise UsageError("--against gc draws windows of --genome that match --regions; give both")
        self._check_genome()
        paths = (self.motifs, self.positives, self.against_regions or self.against, self.genome)
        if sum(isinstance(path, str) and path == "-" for path in paths) > 1:
            raise UsageError("only one input can come from stdin")

    @property
    def threshold(self) -> Threshold:
        """What a window must reach."""
        if self.score is not None:
            return Threshold.of_score(self.score)
        return Threshold(p_value=DEFAULT_P_VALUE if self.p_value is None else self.p_value)

    @property
    def negatives(self) -> str:
        """The FASTA file to compare with, or what is drawn in its place."""
        return SHUFFLE if self.against is None and self.against_regions is None else self.against or "-"

    @property
    def positives(self) -> str:
        """The file that makes the positive set, or ``-``."""
        return self.regions or self.sequences or "-"

    def _check_genome(self) -> None:
        """Refuse regions without a genome, and what is for regions alone without regions."""
        has_regions = self.regions is not None or self.against_regions is not None
        if has_regions and self.genome is None:
            raise UsageError("--regions and --against-regions need --genome")
        if self.genome is not None and not has_regions:
            raise UsageError("--genome needs --regions or --against-regions")
        if self.width is not None and not has_regions:
            raise UsageError("--width needs --regions or --against-regions")
        if self.center != "auto" and self.width is None:
            raise UsageError("--center needs --width")


@dataclass(frozen=True)
class CompareRequest:
    """Which motifs to look for in which collection; the fields are the options of ``seqnet compare``.

    Parameters
    ----------
    queries, collection
        Motif files, or `MotifSet`.
    output
        Where the table goes; None returns it.
    q_value
        Largest q-value of a match that is reported.
    strands
        Whether targets count in ``both`` orientations or ``forward``. Default: forward for queries of RNA
        and collections that hold RNA alone, both for others.

    Raises
    ------
    UsageError
        If both come from stdin.
    """

    queries: str | MotifSet
    collection: str | MotifSet = "-"
    output: str | None = None
    motif_names: tuple[str, ...] = ()
    on_bad: OnBadMotif = "error"
    on_duplicate: OnDuplicate = "error"
    distance: Distance = "pearson"
    min_overlap: int = 5
    strands: Literal["both", "forward"] | None = None
    q_value: float = 0.5
    top: int | None = None
    threads: int = 1
    header: HeaderMode = "full"

    def __post_init__(self) -> None:
        """Refuse two inputs from stdin."""
        if isinstance(self.queries, str) and self.queries == self.collection == "-":
            raise UsageError("queries and collection cannot both come from stdin")


@dataclass(frozen=True)
class LogoRequest(ScoredSelection):
    """Which motifs to draw and how; the fields are the options of ``seqnet logo``.

    Parameters
    ----------
    motifs
        A motif or PSSM file, or a `MotifSet`.
    output
        Picture, whose suffix is .svg, .png or .pdf; None returns SVG.
    """

    motifs: str | MotifSet = "-"
    output: str | None = None
    on_bad: OnBadMotif = field(default="error", kw_only=True)
    height: Height = "information"
    orientation: Orientation = "forward"
    small_sample: SmallSample = "exact"
    scale: float = 1.0
    columns: int = 1
