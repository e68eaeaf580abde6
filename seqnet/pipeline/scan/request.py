"""The request of a scan, and which of its fields contradict each other; standard library only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from seqnet.errors import UsageError
from seqnet.pipeline.motifs.request import DEFAULT_P_VALUE, Score, ScoredSelection, Threshold

if TYPE_CHECKING:
    from seqnet.formats.files.header import HeaderMode
    from seqnet.genome.alphabet import LowerCase, SoftMask
    from seqnet.genome.regions import OnBad
    from seqnet.motifs.matrix import MotifSet
    from seqnet.motifs.strands import Strands

_THRESHOLDS = ("p_value", "score", "relative_score", "hits_per_mb")
_HITS_ONLY = (
    "best", "top", "overlaps", "q_value", "q_column", "q_scope", "tests", "to_format", "index",
)  # fmt: skip
_TRACK_ONLY = ("rectify", "track_strand", "track_min", "track_max")
_FLAGS = {"to_format": "--to", "output": "-o"}


NameCoordinates: TypeAlias = Literal["bed", "ucsc"]
"""Start of the interval in a record's name: 0-based and half open, or 1-based and inclusive."""
TOP, Q_VALUE, Q_COLUMN, Q_SCOPE = "top", "q-value", "q-column", "q-scope"
FINISHING_KEYS = (TOP, Q_VALUE, Q_COLUMN, Q_SCOPE)
"""Entries of the header about what was done with the hits of all sequences together."""


class Finishing(NamedTuple):
    """What is done with the hits of all sequences together, as the options say."""

    top: int | None = None
    q_value: float | None = None
    q_column: bool = False
    q_scope: str | None = None
    tmpdir: str | None = None

    @property
    def wants_q(self) -> bool:
        """Whether q-values are computed."""
        return self.q_column or self.q_value is not None

    @property
    def streams(self) -> bool:
        """Whether hits are written as they come."""
        return self.top is None and not self.wants_q

    def check(self) -> None:
        """Refuse options that contradict each other."""
        chosen = {
            "--top": self.top is not None,
            "--q-value": self.q_value is not None,
            "--q-column": self.q_column,
        }
        names = [name for name, value in chosen.items() if value]
        if len(names) > 1:
            raise UsageError(f"{names[0]} and {names[1]} exclude each other")
        if self.q_scope is not None and not self.wants_q:
            raise UsageError("--q-scope needs --q-value or --q-column")

    def entries(self) -> dict[str, str]:
        """Return the entries of the header."""
        scope = self.q_scope or "motif"
        values = {
            TOP: self.top,
            Q_VALUE: self.q_value,
            Q_COLUMN: "yes" if self.q_column else None,
            Q_SCOPE: scope if self.wants_q else None,
        }
        return {key: str(value) for key, value in values.items() if value is not None}


class SequenceSource(NamedTuple):
    """The sequences, as the options name them."""

    sequences: str | None
    genome: str | None
    regions: str | None
    chroms: tuple[str, ...]
    soft_mask: SoftMask
    on_bad: OnBad
    name_coordinates: NameCoordinates | None = None

    @property
    def path(self) -> str:
        """The file of sequences, or ``-``."""
        return self.sequences or self.genome or "-"


@dataclass(frozen=True, kw_only=True)
class FinishingRequest:
    """What is done with the hits of all sequences together, and how they are written.

    Parameters
    ----------
    top
        Report so many hits of each motif, the best.
    q_value
        Report hits with a q-value up to this.
    q_column
        Whether to compute q-values without a limit.
    index
        Whether to write a tabix index next to the output.
    """

    top: int | None = None
    q_value: float | None = None
    q_column: bool = False
    q_scope: Literal["motif", "all"] | None = None
    tmpdir: str | None = None
    to_format: Literal["bed", "narrowpeak", "gff3", "fimo"] | None = None
    index: bool = False
    header: HeaderMode = "full"

    @property
    def finishing(self) -> Finishing:
        """What is done with all hits together."""
        return Finishing(self.top, self.q_value, self.q_column, self.q_scope, self.tmpdir)


@dataclass(frozen=True)
class ScanRequest(ScoredSelection, FinishingRequest):
    """What to scan with which motifs, and what to report; the fields are the options of ``seqnet scan``.

    Parameters
    ----------
    motifs
        A motif or PSSM file, or a `MotifSet`.
    sequences
        FASTA; None with `genome`.
    output
        Where hits go; None returns them.
    score
        Bits; ``file`` for each motif's own threshold in the motif file.
    matrix
        With `per_sequence`, report a row for each sequence with a column for each motif: its best score.
    name_coordinates
        Scan records named ``chr1:100-200`` as those places of the genome: ``bed`` for 0-based starts,
        ``ucsc`` for 1-based ones. None takes names as they are.

    Raises
    ------
    UsageError
        If fields contradict each other.
    """

    motifs: str | MotifSet
    sequences: str | None = None
    output: str | None = None
    genome: str | None = None
    regions: str | None = None
    chroms: tuple[str, ...] = ()
    name_coordinates: NameCoordinates | None = None
    soft_mask: LowerCase = "ignore"
    strands: Strands | None = None
    p_value: float | None = None
    score: Score | None = None
    relative_score: float | None = None
    hits_per_mb: float | None = None
    exact: bool = False
    best: bool = False
    overlaps: Literal["all", "best-strand", "nonoverlapping"] | None = None
    tests: str | None = None
    per_sequence: bool = False
    matrix: bool = False
    track: str | None = None
    track_strand: Literal["max", "+", "-"] | None = None
    track_min: float | None = None
    track_max: bool = False
    rectify: bool = False
    threads: int = 1

    def __post_init__(self) -> None:
        """Refuse fields that contradict each other."""
        self._check()

    @property
    def source(self) -> SequenceSource:
        """Where the sequences come from."""
        sequences = self.sequences or (None if self.genome else "-")
        return SequenceSource(
            sequences, self.genome, self.regions, self.chroms, self.soft_mask, self.on_bad,
            self.name_coordinates,
        )  # fmt: skip

    @property
    def threshold(self) -> Threshold:
        """What a window must reach."""
        if self.score is not None:
            return Threshold.of_score(self.score)
        if self.relative_score is not None:
            return Threshold(relative=self.relative_score)
        if self.hits_per_mb is not None:
            return Threshold(hits_per_mb=self.hits_per_mb)
        return Threshold(p_value=self.p_value or DEFAULT_P_VALUE)

    def entries(self) -> dict[str, object]:
        """Return the entries of the header that say which windows are hits."""
        default = all(getattr(self, name) is None for name in _THRESHOLDS)
        return {
            "name-coordinates": self.name_coordinates,
            "p-value": DEFAULT_P_VALUE if default else self.p_value,
            "score": self.score,
            "relative-score": self.relative_score,
            "hits-per-mb": self.hits_per_mb,
            "best": "yes" if self.best else None,
            "overlaps": self.overlaps if self.overlaps != "all" else None,
        }

    def _check(self) -> None:
        """Refuse options that contradict each other."""
        names = self._given()
        _refuse_pairs(names, _THRESHOLDS, _THRESHOLDS)
        _refuse_pairs(names, ("track",), ("per_sequence", *_THRESHOLDS, *_HITS_ONLY, "output"))
        _refuse_pairs(names, ("per_sequence",), _HITS_ONLY)
        _refuse_pairs(names, ("best",), ("overlaps",))
        _refuse_pairs(names, ("matrix",), (*_THRESHOLDS, "exact"))
        if self.matrix and not self.per_sequence:
            raise UsageError("--matrix needs --per-sequence")
        _refuse_pairs(names, ("name_coordinates",), ("track", "per_sequence"))
        self.finishing.check()
        for name in _TRACK_ONLY:
            if name in names and self.track is None:
                raise UsageError(f"{_flag(name)} needs --track")
        if {(self.strands, self.track_strand)} & {("forward", "-"), ("reverse", "+")}:
            raise UsageError(
                f"--strands {self.strands} and --track-strand {self.track_strand} exclude each other"
            )
        _ = self.threshold
        self._check_inputs()

    def _given(self) -> list[str]:
        """Name the options that differ from saying nothing."""
        names = (
            "track",
            "per_sequence",
            "matrix",
            "exact",
            "name_coordinates",
            *_THRESHOLDS,
            *_HITS_ONLY,
            *_TRACK_ONLY,
        )
        values = {name: getattr(self, name) for name in names}
        given = [name for name, value in values.items() if value is not None and value is not False]
        return given + ["output"] * (self.output not in (None, "-"))

    def _check_inputs(self) -> None:
        """Refuse inputs that contradict each other."""
        if self.sequences is not None and self.genome is not None:
            raise UsageError("give SEQUENCES or --genome, not both")
        if self.regions is not None and self.genome is None:
            raise UsageError("--regions needs --genome")
        if self.name_coordinates is not None and self.genome is not None:
            raise UsageError("--name-coordinates is for the names of SEQUENCES; leave out --genome")
        if self.motifs == "-" and self.source.path == "-":
            raise UsageError("motifs and sequences cannot both come from stdin; name a sequence file")


def _refuse_pairs(names: list[str], ones: tuple[str, ...], others: tuple[str, ...]) -> None:
    """Raise if one of the first was given together with one of the others."""
    for one in ones:
        for other in others:
            if one != other and one in names and other in names:
                raise UsageError(f"{_flag(one)} and {_flag(other)} exclude each other")


def _flag(name: str) -> str:
    """Return an option as users type it."""
    return _FLAGS.get(name, "--" + name.replace("_", "-"))


@dataclass(frozen=True)
class MergeRequest(FinishingRequest):
    """Which hits to merge; the fields are the options of ``seqnet merge-hits``.

    Parameters
    ----------
    hits
        BED files of `scan` with their headers, each for whole sequences of one genome, in its order.
    tests
        The files that `scan` wrote for its own `tests`; q-values need them.
    output
        Where hits go; None returns them.

    Raises
    ------
    UsageError
        If fields contradict each other.
    """

    hits: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()
    output: str | None = None

    def __post_init__(self) -> None:
        """Refuse fields that contradict each other."""
        self.finishing.check()
