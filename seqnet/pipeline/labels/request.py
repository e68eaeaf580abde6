"""The requests of ``label`` and ``negatives``; standard library only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seqnet.errors import UsageError
from seqnet.formats.files.header import base_name
from seqnet.pipeline.inputs.request import SplitRequest

if TYPE_CHECKING:
    from seqnet.datasets.labels import Strands
    from seqnet.datasets.signals import Missing, Statistic
    from seqnet.formats.files.header import HeaderMode
    from seqnet.genome.regions import Center, OnBad

DEFAULT_WIDTH = 600
"""Of shuffles: the longest words whose number they keep."""


@dataclass(frozen=True)
class LabelRequest(SplitRequest):
    """Which peaks become labelled regions, and how; the fields are the options of ``seqnet label``.

    Parameters
    ----------
    peaks
        Peak files, one a task; empty with `samples`.
    genome
        FASTA.
    output
        Where the table goes; None returns the regions alone.

    Raises
    ------
    UsageError
        If fields contradict each other.
    """

    peaks: tuple[str, ...] = ()
    genome: str | None = None
    output: str | None = None
    samples: str | None = None
    chroms: tuple[str, ...] = ()
    drop_chroms: tuple[str, ...] = ()
    on_bad: OnBad = "error"
    min_score: float | None = None
    blacklist: tuple[str, ...] = ()
    dropped: str | None = None
    ambiguous: tuple[str, ...] = ()
    width: int | None = None
    center: Center = "auto"
    strands: Strands = "both"
    merge_distance: int | None = None
    bins: int | None = None
    step: int | None = None
    min_overlap: float = 0.5
    all_bins: bool = False
    signals: tuple[str, ...] = ()
    signal_stat: Statistic = "mean"
    missing: Missing = "zero"
    negatives: float = 1.0
    margin: int | None = None
    exclude: tuple[str, ...] = ()
    seed: int = 0
    header: HeaderMode = "full"

    @property
    def row_width(self) -> int:
        """Bases per row."""
        return self.width or self.bins or DEFAULT_WIDTH

    def __post_init__(self) -> None:
        """Refuse fields that contradict each other."""
        if self.bins is None and (self.step is not None or self.all_bins):
            raise UsageError("--step and --all-bins go with --bins")
        if self.bins is not None and (self.merge_distance is not None or self.strands != "both"):
            raise UsageError("--bins merges no peaks: --merge-distance and --strands do not go with it")
        if self.bins is not None and self.row_width < self.bins:
            raise UsageError("--width must not be less than --bins")
        if self.split_blocks is not None and not self.splits.by_fractions:
            raise UsageError("--split-blocks goes with --valid-fraction and --test-fraction")

    def entries(self) -> dict[str, object]:
        """Return the entries of the header."""
        names = self.peaks or (self.samples or "-",)
        return {
            "peaks": tuple(map(base_name, names)),
            "genome": base_name(self.genome or ""),
            "width": self.row_width,
            "center": None if self.bins else self.center,
            "strands": None if self.strands == "both" else self.strands,
            "merge-distance": self.merge_distance,
            "bins": self.bins,
            "step": self.bins and (self.step or self.bins),
            "min-overlap": self.bins and f"{self.min_overlap:g}",
            "min-score": None if self.min_score is None else f"{self.min_score:g}",
            "blacklist": tuple(map(base_name, self.blacklist)) or None,
            "signal-stat": self.signal_stat if self.signals else None,
            "negatives": "0" if self.all_bins else f"{self.negatives:g}",
            "seed": self.seed,
        }


@dataclass(frozen=True)
class NegativesRequest:
    """Which negatives to add to which positives; the fields are the options of ``seqnet negatives``.

    Parameters
    ----------
    positives
        With `genome` a labelled-regions table or BED, else FASTA.
    genome
        FASTA.
    output
        Where the table goes, or with `k` the FASTA; None returns them alone.
    k
        Shuffle the positives' own sequences and keep the number of each word of k bases; None draws windows
        of the genome.
    ratio
        Negatives per positive.
    labels_out
        With `k`: where the table of the sequences goes.

    Raises
    ------
    UsageError
        If fields contradict each other.
    """

    positives: str = "-"
    genome: str | None = None
    output: str | None = None
    chroms: tuple[str, ...] = ()
    on_bad: OnBad = "error"
    k: int | None = None
    ratio: float = 1.0
    only: bool = False
    exclude: tuple[str, ...] = ()
    margin: int | None = None
    width: int | None = None
    center: Center = "auto"
    tasks: Sequence[str] | None = None
    labels_out: str | None = None
    seed: int = 0
    header: HeaderMode = "full"

    def __post_init__(self) -> None:
        """Refuse fields that contradict each other."""
        if self.genome is None and self.k is None:
            raise UsageError("give --genome for negatives from the genome, or --shuffle for shuffles")
        if self.k is not None and (self.exclude or self.margin is not None):
            raise UsageError("--exclude and --margin are for negatives from the genome, without --shuffle")
        if self.labels_out and self.k is None:
            raise UsageError("--labels-out goes with --shuffle; otherwise the output is the labels")
        if self.genome is None and (self.chroms or self.width or self.tasks):
            raise UsageError("--chroms, --width and --tasks are for regions, with --genome")

    def entries(self) -> dict[str, object]:
        """Return the entries of the header."""
        return {
            "positives": base_name(self.positives),
            "genome": self.genome and base_name(self.genome),
            "shuffle": self.k and f"klet:{self.k}",
            "width": self.width,
            "center": self.center if self.width else None,
            "ratio": f"{self.ratio:g}",
            "margin": self.margin,
            "exclude": tuple(map(base_name, self.exclude)) or None,
            "seed": self.seed,
        }
