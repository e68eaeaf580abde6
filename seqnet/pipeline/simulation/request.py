"""The requests of the simulate commands; standard library only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, ClassVar, Literal

from seqnet.errors import UsageError
from seqnet.pipeline.motifs.request import MotifSelection

if TYPE_CHECKING:
    from seqnet.formats.files.header import HeaderMode
    from seqnet.formats.motifs.entries import OnBadMotif
    from seqnet.motifs.background import Background
    from seqnet.motifs.matrix import MotifSet

DEFAULT_GC = 0.4
MOST_BASES = 1 << 32
"""Of one simulation: more than the largest genomes that are simulated for, less than fills a disk."""
MOST_SEQUENCES = 1 << 24
LONGEST_SEQUENCE = 1 << 26
MOST_STEPS = 1 << 28
"""Of the signal of one contig."""


@dataclass(frozen=True)
class SimulationRequest(MotifSelection):
    """What every simulation needs.

    Parameters
    ----------
    motifs
        What sites are drawn from: a motif file, or a `MotifSet`.
    output
        Where the FASTA goes; None returns the sequences alone.
    gc
        Share of G and C in a background of independent letters; None for 0.4.
    background
        Instead of `gc`: as ``--background`` takes it, or a `Background`.
    order
        Order of the Markov model that a background ``from:FASTA`` is learnt with; None for 0.
    truth
        Where the table of sites goes.

    Raises
    ------
    UsageError
        If fields contradict each other.
    """

    motifs: str | MotifSet = "-"
    output: str | None = None
    on_bad: OnBadMotif = field(default="error", kw_only=True)
    gc: float | None = None
    background: str | Background | None = None
    order: int | None = None
    truth: str | None = None
    seed: int = 0
    header: HeaderMode = "full"

    def __post_init__(self) -> None:
        """Refuse fields that contradict each other."""
        if self.background is not None and self.gc is not None:
            raise UsageError("--gc and --background exclude each other")
        learnt = isinstance(self.background, str) and self.background.startswith("from:")
        if self.order is not None and not learnt:
            message = "a background file has its own order"
            raise UsageError(f"--order goes with --background from:FASTA; {message}")


@dataclass(frozen=True)
class SequenceRequest(SimulationRequest):
    """What every simulation of two classes of sequences needs; otherwise as `SimulationRequest`.

    Parameters
    ----------
    positives, negatives
        Sequences of each class.
    length
        Bases per sequence.
    labels_out
        Where the labelled regions go, each a whole sequence.
    task
        Name of the task; None for the motif's, or that of the grammar where there are several motifs.
    valid_fraction, test_fraction
        Shares of the sequences to validate and to test on.
    """

    grammar: ClassVar[str]
    """Name of the subcommand."""
    positives: int = 1000
    negatives: int = 1000
    length: int = 500
    labels_out: str | None = None
    task: str | None = None
    valid_fraction: float | None = None
    test_fraction: float | None = None

    def __post_init__(self) -> None:
        """Refuse fields that contradict each other, and counts that no simulation is made for."""
        super().__post_init__()
        count = self.positives + self.negatives
        _refuse_more(count, MOST_SEQUENCES, "--positives and --negatives")
        _refuse_more(self.length, LONGEST_SEQUENCE, "--length")
        _refuse_more(count * self.length, MOST_BASES, "bases of all sequences (see --length)")
        if not count:
            raise UsageError("--positives 0 --negatives 0 leaves nothing to simulate")

    def settings(self) -> dict[str, object]:
        """Return the options of the grammar alone, for provenance."""
        shared = {each.name for each in fields(SequenceRequest)}
        own = [each.name for each in fields(self) if each.name not in shared]
        return {name.replace("_", "-"): getattr(self, name) for name in own}


@dataclass(frozen=True)
class SingleRequest(SequenceRequest):
    """One site against none; the fields are the options of ``seqnet simulate single``."""

    grammar = "single"


@dataclass(frozen=True)
class DensityRequest(SequenceRequest):
    """Many sites against few or none; the fields are the options of ``seqnet simulate density``.

    Parameters
    ----------
    copies, negative_copies
        Least and largest number of sites of a positive and of a negative.
    """

    grammar = "density"
    copies: tuple[int, int] = (2, 4)
    negative_copies: tuple[int, int] = (0, 0)


@dataclass(frozen=True)
class HeterotypicRequest(SequenceRequest):
    """All of several motifs against some; the fields are the options of ``seqnet simulate heterotypic``.

    Parameters
    ----------
    negative_motifs
        Least and largest number of different motifs of a negative, fewer than all.
    """

    grammar = "heterotypic"
    negative_motifs: tuple[int, int] = (0, 1)


@dataclass(frozen=True)
class SpacingRequest(SequenceRequest):
    """Two motifs at a distance against anywhere; the fields are the options of ``seqnet simulate spacing``.

    Parameters
    ----------
    spacing
        Least and largest number of bases between the two sites of a positive.
    fixed_order
        Whether the first motif comes before the second, on the strand that both lie on.
    """

    grammar = "spacing"
    spacing: tuple[int, int] = (2, 10)
    fixed_order: bool = False


@dataclass(frozen=True)
class LocalizationRequest(SequenceRequest):
    """Sites in the centre against anywhere; the fields are the options of ``seqnet simulate localization``.

    Parameters
    ----------
    copies
        Least and largest number of sites of every sequence.
    center
        Width in bases of the centre that holds a positive's sites.
    """

    grammar = "localization"
    copies: tuple[int, int] = (2, 4)
    center: int = 150
    negative_place: Literal["anywhere", "flanks"] = "anywhere"


@dataclass(frozen=True)
class GenomeRequest(SimulationRequest):
    """A small genome; the fields are the options of ``seqnet simulate genome``.

    Parameters
    ----------
    contigs
        Names and lengths in bases, as pairs or as a mapping.
    bound, unbound
        Sites of each motif in open chromatin, and in closed chromatin.
    peaks_out, sites_out
        Where peaks and aligned bound sites go, with ``{motif}`` for a motif's name.
    signal_out
        Where the accessibility goes, a bigWig of counts per `step` bases.
    """

    contigs: Mapping[str, int] | Sequence[tuple[str, int]] = (("chr1", 300_000), ("chr2", 200_000))
    bound: int = 100
    unbound: int = 50
    peaks_out: str | None = None
    signal_out: str | None = None
    step: int = 20
    sites_out: str | None = None

    def __post_init__(self) -> None:
        """Refuse two contigs of one name, and sizes that no simulation is made for."""
        super().__post_init__()
        lengths = self.lengths
        if not lengths:
            raise UsageError("--contig: expected at least one contig")
        for name, length in lengths.items():
            if length < 1:
                raise UsageError(f"--contig {name}={length}: expected 1 base or more")
        _refuse_more(sum(lengths.values()), MOST_BASES, "bases of all contigs (see --contig)")
        if self.signal_out is not None:
            steps = -(-max(lengths.values()) // self.step)
            _refuse_more(steps, MOST_STEPS, "steps of the signal on one contig (--step)")

    @property
    def lengths(self) -> dict[str, int]:
        """Contig name to length in bases."""
        lengths: dict[str, int] = {}
        for name, length in self.contigs.items() if isinstance(self.contigs, Mapping) else self.contigs:
            if name in lengths:
                raise UsageError(f"--contig {name}={length}: a second contig of that name")
            lengths[name] = length
        return lengths


def _refuse_more(count: int, most: int, what: str) -> None:
    """Refuse counts that no simulation is made for, before memory is taken for them.

    Parameters
    ----------
    what
        What is counted, after the options that ask for it.

    Raises
    ------
    UsageError
        If there are more than `most`.
    """
    if count > most:
        raise UsageError(f"{what}: expected up to {most}; found {count}")
