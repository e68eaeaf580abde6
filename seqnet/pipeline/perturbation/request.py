"""The request of experiments on a model, and contradictions between its fields; standard library only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from seqnet.errors import UsageError
from seqnet.pipeline.motifs.request import STRICT, MotifRules
from seqnet.pipeline.outputs import expect_page

if TYPE_CHECKING:
    from seqnet.formats.files.header import HeaderMode
    from seqnet.formats.motifs.entries import OnBadMotif, OnDuplicate
    from seqnet.genome.regions import Regions
    from seqnet.motifs.matrix import MotifSet
    from seqnet.networks.model import Model

MOST_REGIONS = 100
"""Regions that are used by default."""
SHUFFLES = 20
"""Shuffles of each ablated hit by default."""


@dataclass(frozen=True)
class PerturbRequest:
    """Experiments on a model; the fields are the options of ``seqnet perturb``.

    Parameters
    ----------
    model
        A model file, or a `Model`.
    regions
        BED or `Regions`: the windows that are changed, or whose shuffles are.
    genome
        FASTA.
    output
        Where the table goes; None returns it.
    insert
        Motif file: insert the consensus of each motif into shuffled windows.
    motif_names
        Names or wildcards of the motifs to insert.
    on_bad, on_duplicate
        How to handle motifs to insert that cannot be read, or share a name.
    pair
        Two of the motifs: insert both at every distance of `distance`, in all orientations.
    distance
        Smallest and largest number of bases between them.
    ablate
        BED: shuffle these stretches where they lie in the windows.
    shuffles
        Shuffles of each stretch, whose effects are averaged.
    keep_regions
        Insert into the windows as they are, not shuffled.
    max_regions
        Windows drawn at random where there are more; None for all.
    task_names
        Tasks to write; by default all, at most eight.
    width
        Bases of the window of a k-mer model that stores none.
    plot
        Picture of the effects, .svg, .png or .pdf.
    report
        Page of the effects, HTML.
    threads
        0 for all processors.

    Raises
    ------
    UsageError
        If fields contradict each other.
    """

    model: str | Model
    regions: str | Regions | None = None
    genome: str | None = None
    output: str | None = None
    insert: str | MotifSet | None = None
    motif_names: tuple[str, ...] = ()
    on_bad: OnBadMotif = "error"
    on_duplicate: OnDuplicate = "error"
    pair: tuple[str, ...] = ()
    distance: tuple[int, int] | None = None
    ablate: str | Regions | None = None
    shuffles: int | None = None
    keep_regions: bool = False
    max_regions: int | None = MOST_REGIONS
    task_names: tuple[str, ...] = ()
    width: int | None = None
    chroms: tuple[str, ...] = ()
    seed: int = 0
    plot: str | None = None
    report: str | None = None
    device: str = "auto"
    threads: int = 0
    header: HeaderMode = "full"

    def __post_init__(self) -> None:
        """Refuse fields that contradict each other."""
        expect_page(self.report)
        if self.regions is None or self.genome is None:
            raise UsageError("give --regions with --genome")
        if (self.insert is None) == (self.ablate is None):
            raise UsageError("give either --insert MOTIFS or --ablate BED")
        if self.shuffles is not None and self.ablate is None:
            raise UsageError("--shuffles is for --ablate")
        if (self.pair or self.motif_names or self.keep_regions) and self.insert is None:
            raise UsageError("--pair, --motif and --keep-regions are for --insert")
        if self.motif_rules != STRICT and self.insert is None:
            raise UsageError("--on-bad and --on-duplicate are for --insert")
        self._check_pair()

    def _check_pair(self) -> None:
        """Refuse what does not go with a pair, or needs one."""
        if self.pair and len(self.pair) != 2:
            raise UsageError("--pair takes two motif names, A,B")
        if self.pair and self.motif_names:
            raise UsageError("--pair names the motifs; leave out --motif")
        if self.distance is not None and not self.pair:
            raise UsageError("--distance is for --pair")

    @property
    def motif_rules(self) -> MotifRules:
        """How motifs that cannot be read, or share a name, are handled."""
        return MotifRules(self.on_bad, self.on_duplicate)
