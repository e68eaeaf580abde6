"""How motifs are read, scored and cut off, as the options say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from seqnet.errors import UsageError

if TYPE_CHECKING:
    from seqnet.formats.files.header import HeaderMode
    from seqnet.formats.motifs.entries import OnBadMotif, OnDuplicate
    from seqnet.genome.alphabet import Ambiguous, LowerCase
    from seqnet.genome.regions import Center, OnBad
    from seqnet.motifs.background import Background
    from seqnet.motifs.information import SmallSample
    from seqnet.motifs.matrix import MotifSet, Spread
    from seqnet.motifs.strands import Strands

BY_SCORE = "score"
"""The weights of sites that are the scores of regions."""
Score: TypeAlias = float | Literal["file"]
"""A threshold in bits, or each motif's own, from the motif file."""
DEFAULT_P_VALUE = 1e-4
"""Hits are windows with a p-value up to this, by default."""


class Scoring(NamedTuple):
    """How motifs become scores, as the options say."""

    background: str | Background | None = None
    """Value of ``--background``, or the background; None for the motif file's own, else uniform."""
    pseudocount: str | None = None
    """A rule; None for the default one."""
    spread: Spread = "background"
    preset: Literal["fimo"] | None = None
    """``fimo`` for FIMO's arithmetic."""


class MotifRules(NamedTuple):
    """How motifs that cannot be read, or share a name, are handled."""

    on_bad: OnBadMotif = "error"
    on_duplicate: OnDuplicate = "error"

    @staticmethod
    def of(on_bad: str, on_duplicate: str) -> MotifRules:
        """Return what the options say; ``clip`` is for regions alone."""
        return MotifRules("skip" if on_bad == "skip" else "error",
                          "rename" if on_duplicate == "rename" else "error")  # fmt: skip


STRICT = MotifRules()
"""Any doubtful motif is an error."""


class Threshold(NamedTuple):
    """What a window must reach: exactly one of these."""

    p_value: float | None = None
    score: float | None = None
    relative: float | None = None
    """Share of the way from a motif's lowest to its highest score."""
    hits_per_mb: float | None = None
    """Hits expected in a megabase of background, on the strands scanned."""
    of_file: bool = False
    """Whether each motif has its own score, from the motif file."""

    @staticmethod
    def of_score(score: Score) -> Threshold:
        """Return the threshold that ``--score`` gives."""
        if not isinstance(score, str):
            return Threshold(score=score)
        if score != "file":
            raise UsageError(f"--score {score!r}: expected a number of bits, or file")
        return Threshold(of_file=True)


P_VALUES = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6)
"""Levels of a table of thresholds."""
"""Of a background that is counted; equal to what background files may hold."""
SCORE_FORMATS = ("meme", "tsv", "json")
"""The motif formats that hold scores."""


@dataclass(frozen=True, kw_only=True)
class MotifSelection:
    """Which motifs of a file are used; fields that several requests have.

    Parameters
    ----------
    motif_names
        Names or wildcards; all motifs without any.
    motif_format
        None recognises it.
    on_bad
        How to handle motifs that cannot be read.
    on_duplicate
        How to handle motifs of one name.
    """

    motif_names: tuple[str, ...] = ()
    motif_format: str | None = None
    on_bad: OnBad = "error"
    on_duplicate: OnDuplicate = "error"

    @property
    def rules(self) -> MotifRules:
        """How motifs that cannot be read, or share a name, are handled."""
        return MotifRules.of(self.on_bad, self.on_duplicate)


@dataclass(frozen=True, kw_only=True)
class ScoredSelection(MotifSelection):
    """Which motifs are used, and how they become scores; otherwise as `MotifSelection`.

    Parameters
    ----------
    background
        As ``--background`` takes it, or a `Background`; None for the motif file's own, else uniform.
    pseudocount
        A rule or a number; None for the default one.
    preset
        ``fimo`` for FIMO's arithmetic.
    """

    background: str | Background | None = None
    pseudocount: str | None = None
    pseudocount_spread: Spread = "background"
    preset: Literal["fimo"] | None = None

    @property
    def scoring(self) -> Scoring:
        """How motifs become scores."""
        return Scoring(self.background, self.pseudocount, self.pseudocount_spread, self.preset)


@dataclass(frozen=True)
class PssmRequest(ScoredSelection):
    """Which motifs are scored against which background; the fields are the options of ``seqnet pssm``.

    Parameters
    ----------
    motifs
        A motif file, or a `MotifSet`.
    output
        Where the PSSMs go; None returns them alone.
    thresholds
        Where the table of thresholds goes; True returns it alone, None makes none.

    Raises
    ------
    UsageError
        If fields contradict each other.
    """

    motifs: str | MotifSet = "-"
    output: str | None = None
    on_bad: OnBadMotif = field(default="error", kw_only=True)
    to_format: Literal["meme", "tsv", "json"] | None = None
    thresholds: str | bool | None = None
    p_values: Sequence[float] = P_VALUES
    exact: bool = False
    strands: Strands | None = None
    header: HeaderMode = "full"

    def __post_init__(self) -> None:
        """Refuse fields that contradict each other."""
        if self.exact and self.thresholds in (None, False):
            raise UsageError("--exact needs --thresholds")
        if self.strands is not None and self.thresholds in (None, False):
            raise UsageError("--strands needs --thresholds")
        if not self.p_values:
            raise UsageError("--p-values: expected at least one")


@dataclass(frozen=True)
class BuildRequest:
    """Which sites become a motif, and how; the fields are the options of ``seqnet build-pwm``.

    Parameters
    ----------
    sites
        A file of aligned sites, or with `genome` of regions.
    output
        Where the motif goes; None returns it alone.
    seed
        What the sites in regions look like: an IUPAC word, or a motif file or `MotifSet`, of which the first
        motif counts.

    Raises
    ------
    UsageError
        If fields contradict each other.
    """

    sites: str = "-"
    output: str | None = None
    sites_format: Literal["fasta", "lines", "jaspar-sites", "clustal", "stockholm"] | None = None
    weights: str | None = None
    genome: str | None = None
    width: int | None = None
    center: Center = "auto"
    on_bad: OnBad = "error"
    seed: str | MotifSet | None = None
    rounds: int = 5
    sites_out: str | None = None
    name: str = "motif"
    ambiguous: Ambiguous = "skip"
    small_sample: SmallSample = "exact"
    motif_format: str | None = None
    logo: str | None = None
    header: HeaderMode = "full"

    def __post_init__(self) -> None:
        """Refuse fields that contradict each other."""
        if self.genome is None and (self.seed or self.width):
            raise UsageError("--seed and --width need --genome and BED regions")
        if self.genome is None and self.weights == BY_SCORE:
            raise UsageError("--weights score needs --genome and BED regions, which have scores")
        if self.genome is not None and self.sites_format:
            raise UsageError("--sites-format is for aligned sites; with --genome SITES are BED regions")
        if self.sites_out and not self.seed:
            raise UsageError("--sites-out needs --seed")
        if len(self.name.split()) != 1:
            raise UsageError(f"--name {self.name!r}: a motif's name is one word")


@dataclass(frozen=True)
class BackgroundRequest:
    """Which sequences to count, and how; the fields are the options of ``seqnet background``.

    Parameters
    ----------
    sequences
        FASTA.
    output
        Where the frequencies go; None returns them alone.
    order
        Order k of the Markov model: words of up to k + 1 letters are counted.
    symmetric
        Whether to count both strands.
    pseudocount
        Added to the count of every word.

    Raises
    ------
    UsageError
        If the order or the pseudocount is out of range.
    """

    sequences: str = "-"
    output: str | None = None
    order: int = 0
    symmetric: bool = False
    pseudocount: float = 0.0
    soft_mask: LowerCase = "ignore"
    header: HeaderMode = "full"


@dataclass(frozen=True)
class ConvertRequest(MotifSelection):
    """Which motifs to put together and rewrite; the fields are the options of ``seqnet convert``.

    Parameters
    ----------
    motifs
        A motif file or a `MotifSet`, or several of them; without any, stdin.
    output
        Where the motifs go, with ``{format}`` in it for several formats; None returns them alone.
    to_formats
        Formats to write; the suffix of `output` decides without any, else MEME.
    trim
        Bits; flanking positions that hold less information are cut.

    Raises
    ------
    UsageError
        If a format is given without an output.
    """

    motifs: str | MotifSet | Sequence[str | MotifSet] = ()
    output: str | None = None
    on_bad: OnBadMotif = field(default="error", kw_only=True)
    to_formats: tuple[str, ...] = ()
    trim: float | None = None
    reverse_complement: bool = False
    header: HeaderMode = "full"

    def __post_init__(self) -> None:
        """Refuse formats of nothing."""
        if self.output is None and self.to_formats:
            raise UsageError("a format needs an output")
