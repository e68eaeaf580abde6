"""The request of an explanation, and which of its fields contradict each other; standard library only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Literal

from seqnet.attribution.methods import METHODS
from seqnet.errors import UsageError, shorten
from seqnet.formats import BIGWIG_SUFFIXES
from seqnet.numerals import parse_whole
from seqnet.pipeline.inputs.request import SignalFile, SignalMissing, SignalSource
from seqnet.pipeline.motifs.request import STRICT, MotifRules
from seqnet.pipeline.outputs import expect_page

if TYPE_CHECKING:
    from seqnet.formats.files.header import HeaderMode
    from seqnet.formats.motifs.entries import OnDuplicate
    from seqnet.genome.regions import OnBad, Regions
    from seqnet.motifs.matrix import MotifSet
    from seqnet.networks.model import Model

MOST_ROWS = 20_000
TOP = "top:"
ROWS = ("positive", "all", "top:N")
KINDS = {
    **dict.fromkeys(BIGWIG_SUFFIXES, "bigwig"), ".npz": "npz", ".bed": "bed", ".tsv": "tsv",
    ".svg": "picture", ".png": "picture", ".pdf": "picture",
}  # fmt: skip
"""Suffix of an output to what is written."""
TABLES = ("bed", "tsv")


@dataclass(frozen=True, kw_only=True)
class RowSelection:
    """Which rows and tasks of a model are explained, compared with how many shuffles.

    Parameters
    ----------
    regions
        BED, or `Regions`, of `genome`.
    tasks
        Which tasks; none for all.
    rows
        ``positive``, ``all`` or ``top:N``; None for positive rows of binary tasks, all of others.
    central
        Explain so many bases in the middle of each sequence.
    threads
        0 for all processors.
    """

    regions: str | Regions | None = None
    genome: str | None = None
    chroms: tuple[str, ...] = ()
    on_bad: OnBad = "error"
    tasks: tuple[str, ...] = ()
    rows: str | None = None
    split: Literal["train", "valid", "test", "all"] = "all"
    max_rows: int = MOST_ROWS
    central: int | None = None
    shuffles: int = 20
    seed: int = 0
    device: str = "auto"
    threads: int = 0
    header: HeaderMode = "full"


@dataclass(frozen=True)
class ExplainRequest(RowSelection):
    """What to explain of which model; the fields are the options of ``seqnet explain``.

    The fields of `RowSelection` are given by name.

    Parameters
    ----------
    model
        A model file, or a `Model`.
    sequences
        FASTA.
    outputs
        Files by suffix: bigWig, npz, BED, TSV and pictures; names take the place of
        ``{method}`` and ``{task}``.
    methods
        Rows of `seqnet.attribution.methods.METHODS`; none for the default.
    references
        FASTA of references in place of shuffles.
    shuffle_range
        First and last position that is shuffled, counted from 1.
    filters
        Where the motifs of the first layer's filters are written.
    motifs
        Motif file, or a `MotifSet`, that filters are named by.
    on_duplicate
        How to handle motifs of one name; `on_bad` is for motifs too.
    report
        Where a page about the rows of highest attribution goes.

    Raises
    ------
    UsageError
        If fields contradict each other.
    """

    model: str | Model
    sequences: str | None = None
    outputs: tuple[str, ...] = ()
    signals: Mapping[str, str] | tuple[SignalFile, ...] = ()
    signal_missing: SignalMissing | None = None
    cache_dir: str | None = None
    methods: tuple[Literal["deeplift", "ism", "gradient"], ...] = ()
    references: str | None = None
    shuffle_range: tuple[int, int] | None = None
    signal_reference: Literal["fixed", "mean"] = "fixed"
    filters: str | None = None
    motifs: str | MotifSet | None = None
    on_duplicate: OnDuplicate = "error"
    report: str | None = None

    def __post_init__(self) -> None:
        """Refuse fields that contradict each other."""
        expect_page(self.report)
        if (self.sequences is None) == (self.regions is None):
            raise UsageError("give --regions with --genome, or FASTA SEQUENCES")
        if self.regions is None and (self.genome is not None or self.signals or self.chroms):
            raise UsageError("--genome, --chroms and --signal are for --regions")
        if self.regions is not None and self.genome is None and not self.signals:
            raise UsageError("--regions needs --genome")
        check_motif_rules(self.motif_rules, self.motifs, self.regions)
        self.tracks.check()
        self._check_methods()
        self._check_outputs()
        _ = self.top

    def _check_methods(self) -> None:
        """Refuse unknown methods, and options of methods that are not used."""
        for method in self.methods:
            if method not in METHODS:
                raise UsageError(f"method {shorten(method)} is none of {', '.join(METHODS)}")
        if len(set(self.methods)) < len(self.methods):
            raise UsageError("--method names a method twice")
        if self.references is not None and self.shuffle_range is not None:
            raise UsageError("--references and --shuffle-range exclude each other")
        if self.motifs is not None and self.filters is None:
            raise UsageError("--motifs names the motifs of --filters")
        if self.split != "all" and self.regions is None:
            raise UsageError("--split is for --regions")

    def _check_outputs(self) -> None:
        """Refuse outputs of unknown kinds, and tracks of what has no coordinates."""
        for output in self.outputs:
            if output_kind(output) == "bigwig" and self.regions is None:
                raise UsageError(f"{output}: a bigWig needs --regions")

    @property
    def motif_rules(self) -> MotifRules:
        """How motifs that cannot be read, or share a name, are handled."""
        return MotifRules.of(self.on_bad, self.on_duplicate)

    @property
    def only_filters(self) -> bool:
        """Whether the motifs of filters are all that is wanted."""
        return self.filters is not None and not self.outputs and not self.methods and self.report is None

    @property
    def tracks(self) -> SignalSource:
        """The signal tracks, as given."""
        return SignalSource.of(self.signals, self.signal_missing, self.cache_dir)

    @property
    def top(self) -> int | None:
        """The N of ``top:N``, None for other rows."""
        if self.rows in (None, *ROWS[:2]):
            return None
        text = str(self.rows)
        try:
            if not text.startswith(TOP):
                raise ValueError(f"{shorten(text)} is none of {', '.join(ROWS)}")
            return parse_whole(text.removeprefix(TOP), 1)
        except ValueError as error:
            raise UsageError(f"--rows: {error}") from None


def check_motif_rules(
    rules: MotifRules, motifs: str | MotifSet | None, regions: str | Regions | None
) -> None:
    """Refuse rules for bad regions and motifs where there are none."""
    if motifs is None and rules.on_duplicate != STRICT.on_duplicate:
        raise UsageError("--on-duplicate is for --motifs")
    if motifs is None and regions is None and rules.on_bad != STRICT.on_bad:
        raise UsageError("--on-bad is for --regions and --motifs")


def output_kind(output: str) -> str:
    """Return what is written to an output: a value of `KINDS`.

    ``-`` and names without a suffix, as of devices and pipes, are tables.

    Raises
    ------
    UsageError
        If the suffix is of no kind.
    """
    bare = output.removesuffix(".gz").removesuffix(".bgz")
    plain = "." not in PurePath(output).name
    kind = "tsv" if plain else next((KINDS[end] for end in KINDS if bare.endswith(end)), None)
    if kind is None or (bare != output and kind not in TABLES):
        known = ", ".join(KINDS)
        raise UsageError(f"{output}: the suffix names no kind of output; expected one of {known}")
    return kind
