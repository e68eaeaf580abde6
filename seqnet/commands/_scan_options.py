"""The options of ``scan``: what was given, and which of them contradict each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from seqnet.commands._hit_output import Finishing
from seqnet.commands._motifs import DEFAULT_P_VALUE
from seqnet.commands._scan_source import Source
from seqnet.errors import UsageError

if TYPE_CHECKING:
    from seqnet.commands._motifs import Threshold
    from seqnet.genome.alphabet import SoftMask
    from seqnet.genome.regions import OnBad
    from seqnet.motifs.matrix import Spread
    from seqnet.motifs.tracks import TrackStrand

_BOTH_STRANDS_PER_MB = 2e6
"""Windows that start on a megabase, both strands."""

_THRESHOLDS = ("p_value", "score", "relative_score", "hits_per_mb")
_HITS_ONLY = (
    "best", "top", "overlaps", "q_value", "q_column", "q_scope", "tests", "to_format", "index",
)  # fmt: skip
_TRACK_ONLY = ("rectify", "track_strand", "track_min", "track_max")
_FLAGS = {"to_format": "--to", "output": "-o"}


@dataclass(frozen=True)
class ScanOptions:
    """Every option of the command, by its name."""

    motifs: str
    sequences: str | None
    genome: str | None
    regions: str | None
    chroms: tuple[str, ...]
    on_bad: OnBad
    soft_mask: SoftMask
    motif_names: tuple[str, ...]
    motif_format: str | None
    background: str | None
    pseudocount: str | None
    pseudocount_spread: Spread
    preset: str | None
    p_value: float | None
    score: float | None
    relative_score: float | None
    hits_per_mb: float | None
    exact: bool
    best: bool
    overlaps: str | None
    top: int | None
    q_value: float | None
    q_column: bool
    q_scope: str | None
    tmpdir: str | None
    tests: str | None
    to_format: str | None
    index: bool
    per_sequence: bool
    track: str | None
    track_strand: TrackStrand | None
    track_min: float | None
    track_max: bool
    rectify: bool
    threads: int
    output: str
    with_header: bool

    @property
    def source(self) -> Source:
        """Where the sequences come from."""
        sequences = self.sequences or (None if self.genome else "-")
        return Source(sequences, self.genome, self.regions, self.chroms, self.soft_mask, self.on_bad)

    @property
    def finishing(self) -> Finishing:
        """What is done with all hits together."""
        return Finishing(self.top, self.q_value, self.q_column, self.q_scope, self.tmpdir)

    @property
    def threshold(self) -> Threshold:
        """What a window must reach."""
        from seqnet.commands._motifs import Threshold

        if self.score is not None:
            return Threshold(score=self.score)
        if self.relative_score is not None:
            return Threshold(relative=self.relative_score)
        if self.hits_per_mb is not None:
            return Threshold(p_value=self.hits_per_mb / _BOTH_STRANDS_PER_MB)
        return Threshold(p_value=self.p_value or DEFAULT_P_VALUE)

    def entries(self) -> dict[str, object]:
        """Return the entries of the header that say which windows are hits."""
        default = all(getattr(self, name) is None for name in _THRESHOLDS)
        return {
            "p-value": DEFAULT_P_VALUE if default else self.p_value,
            "score": self.score,
            "relative-score": self.relative_score,
            "hits-per-mb": self.hits_per_mb,
            "best": "yes" if self.best else None,
            "overlaps": self.overlaps if self.overlaps != "all" else None,
        }

    def check(self) -> None:
        """Refuse options that contradict each other."""
        given = self._given()
        _refuse_pairs(given, _THRESHOLDS, _THRESHOLDS)
        _refuse_pairs(given, ("track",), ("per_sequence", *_THRESHOLDS, *_HITS_ONLY, "output"))
        _refuse_pairs(given, ("per_sequence",), _HITS_ONLY)
        _refuse_pairs(given, ("best",), ("overlaps",))
        self.finishing.check()
        for name in _TRACK_ONLY:
            if name in given and self.track is None:
                raise UsageError(f"{_flag(name)} needs --track")
        self._check_inputs()
        if self.tests is not None and self.tests == self.output:
            raise UsageError("--tests and -o name the same output")

    def _given(self) -> list[str]:
        """Name the options that differ from saying nothing."""
        names = ("track", "per_sequence", *_THRESHOLDS, *_HITS_ONLY, *_TRACK_ONLY)
        values = {name: getattr(self, name) for name in names}
        given = [name for name, value in values.items() if value is not None and value is not False]
        return given + ["output"] * (self.output != "-")

    def _check_inputs(self) -> None:
        """Refuse inputs that contradict each other."""
        if self.sequences is not None and self.genome is not None:
            raise UsageError("give SEQUENCES or --genome, not both")
        if self.regions is not None and self.genome is None:
            raise UsageError("--regions needs --genome")
        if self.motifs == "-" and self.source.path == "-":
            raise UsageError("motifs and sequences cannot both come from stdin; name a sequence file")


def _refuse_pairs(given: list[str], ones: tuple[str, ...], others: tuple[str, ...]) -> None:
    """Raise if one of the first was given together with one of the others."""
    for one in ones:
        for other in others:
            if one != other and one in given and other in given:
                raise UsageError(f"{_flag(one)} and {_flag(other)} exclude each other")


def _flag(name: str) -> str:
    """Return an option as users type it."""
    return _FLAGS.get(name, "--" + name.replace("_", "-"))
