"""The request of a prediction, and which of its fields contradict each other; standard library only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from seqnet.errors import UsageError
from seqnet.formats import BIGWIG_SUFFIXES
from seqnet.pipeline.inputs.request import SignalFile, SignalMissing, SignalSource

if TYPE_CHECKING:
    from seqnet.formats.files.header import HeaderMode
    from seqnet.genome.regions import OnBad, Regions
    from seqnet.kmers.table import KmerTable
    from seqnet.networks.model import Model

BEDGRAPH_SUFFIXES = (".bedgraph", ".bedGraph", ".bg")
OutputFormat = Literal["bigwig", "bedgraph", "tsv", "bed"]


@dataclass(frozen=True)
class PredictRequest:
    """What to predict with which model; the fields are the options of ``seqnet predict``.

    Parameters
    ----------
    model
        A model file, or a `Model`.
    sequences
        FASTA.
    output
        Where predictions go; None returns them. Tiles and denoised tracks need one.
    regions, features
        BED or `Regions`; a k-mer table's file or a `KmerTable`.
    table, sequence_column, name_column
        TSV or CSV with a column of sequences, and perhaps one of names.
    signals
        The signal tracks that the model reads: names and bigWigs.
    spread
        Whether each task is followed, after all tasks, by the standard deviation between the predictions of
        an ensemble's networks.
    tile
        Predict the genome in tiles of so many bases.
    threads
        0 for all processors.

    Raises
    ------
    UsageError
        If fields contradict each other.
    """

    model: str | Model
    sequences: str | None = None
    output: str | None = None
    regions: str | Regions | None = None
    genome: str | None = None
    chroms: tuple[str, ...] = ()
    on_bad: OnBad = "error"
    signals: Mapping[str, str] | tuple[SignalFile, ...] = ()
    signal_missing: SignalMissing | None = None
    cache_dir: str | None = None
    features: str | KmerTable | None = None
    table: str | None = None
    sequence_column: str | None = None
    name_column: str | None = None
    tile: int | None = None
    max_n: float | None = None
    missing: Literal["error", "gap"] = "error"
    prior: float | None = None
    spread: bool = False
    precision: Literal["float32", "bf16"] = "float32"
    resume: bool = False
    work_dir: str | None = None
    device: str = "auto"
    threads: int = 0
    header: HeaderMode = "full"

    def __post_init__(self) -> None:
        """Refuse fields that contradict each other."""
        if not self.reads_tracks_alone:
            self.check()

    @property
    def tracks(self) -> SignalSource:
        """The signal tracks, as given."""
        return SignalSource.of(self.signals, self.signal_missing, self.cache_dir)

    @property
    def reads_tracks_alone(self) -> bool:
        """Whether signal tracks are all that is given: only a model that denoises reads them whole."""
        sources = (self.regions, self.sequences, self.features, self.table, self.tile, self.genome)
        return bool(self.signals) and all(source is None for source in sources)

    @property
    def format(self) -> OutputFormat:
        """The format of the output."""
        return format_of(self.output or "-")

    def check(self) -> None:
        """Refuse options that do not go together."""
        sources = [self.regions, self.sequences, self.features, self.table, self.tile]
        needs_genome = self.regions is not None or self.tile is not None
        has_genome = self.genome is not None or bool(self.signals and needs_genome)
        if sum(source is not None for source in sources) != 1 or has_genome != needs_genome:
            raise UsageError(
                "give --regions with --genome, --genome with --tile, SEQUENCES, --table or --features"
            )
        if (self.table is None) != (self.sequence_column is None):
            raise UsageError("--table and --sequence-column go together")
        if self.name_column is not None and self.table is None:
            raise UsageError("--name-column is for --table")
        self._check_tiles()
        if self.signals and not needs_genome:
            raise UsageError("--signal is for --regions and --tile")
        self.tracks.check()
        if self.on_bad != "error" and self.regions is None:
            raise UsageError("--on-bad is for --regions")
        if self.chroms and not has_genome:
            raise UsageError("--chroms is for --genome")
        if self.tile is None and self.format in ("bigwig", "bedgraph"):
            raise UsageError("regions may overlap, so their predictions go to BED; use --tile for bigWig")

    def _check_tiles(self) -> None:
        """Refuse options of tiles where there are none, and tiles without an output."""
        if self.tile is None and (self.resume or self.work_dir or self.max_n is not None):
            raise UsageError("--resume, --work-dir and --max-n are for --tile")
        if self.work_dir is not None and not self.resume:
            raise UsageError("--work-dir says where --resume keeps its parts; give --resume too")
        if self.tile is not None and self.output is None:
            raise UsageError("--tile writes files: give -o")


def format_of(output: str) -> OutputFormat:
    """Return an output's format by its suffix; BED unless it says otherwise."""
    bare = output.removesuffix(".gz").removesuffix(".bgz")
    if output.endswith(BIGWIG_SUFFIXES):
        return "bigwig"
    if bare.endswith(BEDGRAPH_SUFFIXES):
        return "bedgraph"
    return "tsv" if bare.endswith(".tsv") else "bed"
