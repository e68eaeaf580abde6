"""What predict's ways share: its options as values, checks of what comes out, headers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from seqnet.commands._console import detail, note, warn
from seqnet.commands._signals import SignalFile, SignalMissing, SignalSource, ordered_source
from seqnet.errors import SeqnetError, UsageError
from seqnet.formats.header import base_name, provenance
from seqnet.formats.numbers import UNKNOWN, format_singles

if TYPE_CHECKING:
    from seqnet.genome.regions import OnBad
    from seqnet.genome.sequence import Genome
    from seqnet.networks.model import Model
    from seqnet.training.predictor import Predictor

BIGWIG_SUFFIXES = (".bw", ".bigWig", ".bigwig")
BEDGRAPH_SUFFIXES = (".bedgraph", ".bedGraph", ".bg")
Singles = NDArray[np.float32]


@dataclass(frozen=True)
class PredictOptions:
    """The options of ``predict``, as they were given."""

    model: str
    sequences: str | None
    regions: str | None
    genome: str | None
    chroms: tuple[str, ...]
    features: str | None
    tile: int | None
    max_n: float | None
    on_bad: OnBad
    missing: Literal["error", "gap"]
    prior: float | None
    precision: str
    resume: bool
    work_dir: str | None
    device: str
    threads: int
    output: str
    with_header: bool
    signals: tuple[SignalFile, ...] = ()
    signal_missing: SignalMissing | None = None
    cache_dir: str | None = None

    def tracks(self, model: Model) -> SignalSource:
        """Return the signal tracks in the model's order; an error unless they are those it reads."""
        given = SignalSource(self.signals, self.signal_missing, self.cache_dir)
        return ordered_source(given, model, self.model)

    @property
    def reads_tracks_alone(self) -> bool:
        """Whether signal tracks are all that is given: only a model that denoises reads them whole."""
        ways = (self.regions, self.sequences, self.features, self.tile, self.genome)
        return bool(self.signals) and all(way is None for way in ways)

    def check(self) -> None:
        """Refuse options that do not go together."""
        ways = [self.regions, self.sequences, self.features, self.tile]
        needs_genome = self.regions is not None or self.tile is not None
        has_genome = self.genome is not None or bool(self.signals and needs_genome)
        if sum(way is not None for way in ways) != 1 or has_genome != needs_genome:
            raise UsageError("give --regions with --genome, --genome with --tile, SEQUENCES or --features")
        if self.tile is None and (self.resume or self.work_dir or self.max_n is not None):
            raise UsageError("--resume, --work-dir and --max-n are for --tile")
        if self.work_dir is not None and not self.resume:
            raise UsageError("--work-dir says where --resume keeps its parts; give --resume too")
        if self.signals and not needs_genome:
            raise UsageError("--signal is for --regions and --tile")
        SignalSource(self.signals, self.signal_missing, self.cache_dir).check()
        if self.on_bad != "error" and self.regions is None:
            raise UsageError("--on-bad is for --regions")
        if self.chroms and not has_genome:
            raise UsageError("--chroms is for --genome")
        if self.tile is None and format_of(self.output) in ("bigwig", "bedgraph"):
            raise UsageError("regions may overlap, so their predictions go to BED; use --tile for bigWig")


def format_of(output: str) -> Literal["bigwig", "bedgraph", "tsv", "bed"]:
    """Tell an output's format by its suffix; BED unless it says otherwise."""
    bare = output.removesuffix(".gz").removesuffix(".bgz")
    if output.endswith(BIGWIG_SUFFIXES):
        return "bigwig"
    if bare.endswith(BEDGRAPH_SUFFIXES):
        return "bedgraph"
    return "tsv" if bare.endswith(".tsv") else "bed"


def load_predictor(options: PredictOptions, model: Model) -> Predictor:
    """Make a model ready, on the device and with the arithmetic that was asked for."""
    from seqnet.commands._denoising import denoises

    if denoises(model):
        raise UsageError(f"{options.model} denoises whole tracks: give --signal alone")
    from seqnet.commands._training import torch_device
    from seqnet.training.precision import native_bf16
    from seqnet.training.predictor import Predictor

    device = torch_device(options.device, 1)  # threads each take a batch of their own
    if options.precision == "bf16" and not native_bf16(device):
        raise UsageError(f"--precision bf16: {device.type} here does not compute in bfloat16 by itself")
    predictor = Predictor(
        model, device, threads=options.threads, prior=options.prior,
        precision="bf16" if options.precision == "bf16" else "float32",
    )  # fmt: skip
    if predictor.ways:
        detail(f"convolutions {predictor.ways}")
    return predictor


def load_checked_genome(options: PredictOptions, model: Model) -> Genome:
    """Read the genome, and warn about contigs that differ from those trained on."""
    from seqnet.commands._load import expand_names, load_genome
    from seqnet.commands._signals import blank_genome
    from seqnet.genome.splits import match_names

    if options.genome is None and options.signals:
        if model.input["type"] != "signals":
            raise UsageError("the model reads the sequence too: give --genome")
        genome = blank_genome(options.signals[0].path)
        if options.chroms:
            names = match_names(expand_names(options.chroms), list(genome.codes), genome.source)
            genome = genome.restrict(names)
        return genome
    genome = load_genome(options.genome, options.chroms)
    trained = model.header["genome"]
    shared = genome.restrict(trained)
    changed = [name for name, digest in shared.digests().items() if trained[name] != digest]
    if changed:
        warn(f"{genome.source}: {changed[0]} is not the sequence the model was trained on")
    return genome


def required_width(predictor: Predictor) -> int:
    """Return the model's input width."""
    if predictor.width is None:
        raise SeqnetError("the model does not say how wide its input is")
    return predictor.width


def header_of(options: PredictOptions, model: Model, **more: object) -> dict[str, str] | None:
    """Return the entries of a text output's header: how it was made, and by a model of what base rates."""
    if not options.with_header:
        return None
    shown = {
        "model": base_name(options.model),
        **more,
        "prior": options.prior,
        "precision": None if options.precision == "float32" else options.precision,
    }
    entries = provenance("predict", shown)
    rates = model.header.get("base_rates")
    if rates and model.header.get("task_type", "binary") in ("binary", "multiclass"):
        entries["training-base-rates"] = ",".join(f"{task}:{rate:.6g}" for task, rate in rates.items())
    return entries


class Checker:
    """Looks at predictions before they are written.

    Parameters
    ----------
    tasks
        T names.
    missing
        ``gap`` turns what is no finite number into a gap, counted; ``error`` stops.
    """

    def __init__(self, tasks: tuple[str, ...], missing: Literal["error", "gap"]) -> None:
        self._tasks = tasks
        self._gaps_allowed = missing == "gap"
        self._gaps = 0

    def checked(self, values: Singles, where: Callable[[int], str]) -> Singles:
        """Return predictions (n, T) with NaN at gaps.

        Parameters
        ----------
        where
            From a row to its place, for messages.

        Raises
        ------
        SeqnetError
            Naming the first task and place without a finite number.
        """
        wrong = ~np.isfinite(values)
        if not wrong.any():
            return values
        row, column = (int(index) for index in np.argwhere(wrong)[0])
        if not self._gaps_allowed:
            what = "no number" if np.isnan(values[row, column]) else "infinite"
            raise SeqnetError(
                f"the prediction of {self._tasks[column]} at {where(row)} is {what}; "
                "--missing gap leaves such out"
            )
        self._gaps += int(wrong.sum())
        return np.where(wrong, np.float32("nan"), values)

    def say(self) -> None:
        """Say how many predictions became gaps."""
        if self._gaps:
            warn(f"{self._gaps} predictions are no finite numbers and were left out")


def texts(values: Singles) -> list[list[str]]:
    """Return predictions as text, gaps as unknown."""
    rows = format_singles(values)
    if np.isnan(values).any():
        rows = [[UNKNOWN if text == "nan" else text for text in row] for row in rows]
    return rows


def note_trained(model: Model, genome: Genome) -> None:
    """Say which of the predicted contigs the model was trained on."""
    trained = set(model.header["splits"]["train"]["contigs"]) & set(genome.codes)
    if trained:
        note(f"{len(trained)} of {len(genome.codes)} contigs were trained on")
