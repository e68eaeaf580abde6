"""The rows that are explained: what the model reads of them, and which are chosen for each task."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from seqnet.aliases import Bools, Codes, Floats, Ints
from seqnet.datasets.padded import pad_sequences
from seqnet.errors import SeqnetError, UsageError
from seqnet.formats.regions.bed import read_bed
from seqnet.formats.sequences.fasta import read_sequences
from seqnet.genome.regions import Regions
from seqnet.genome.sequence import centred_start
from seqnet.lookup import resolve
from seqnet.networks.model import Model
from seqnet.pipeline.explanation.request import ExplainRequest
from seqnet.pipeline.inputs.genome import fit_to_genome
from seqnet.pipeline.inputs.model_inputs import (
    AnyLengths,
    Fitting,
    TrackWindows,
    WindowCodes,
    load_model_genome,
    region_inputs,
    warn_other_bases,
)
from seqnet.pipeline.inputs.models import model_source
from seqnet.pipeline.inputs.request import SignalSource
from seqnet.reporting import note

if TYPE_CHECKING:
    from seqnet.model_inputs.inputs import Inputs


@dataclass(frozen=True, eq=False)
class ExplainedRows:
    """n rows as the model reads them.

    Parameters
    ----------
    names
        object (n,).
    codes
        uint8 (n, L); None for models of signal tracks alone.
    windows
        The signal tracks, where there are some.
    regions
        Where the rows lie; None for sequences.
    lengths
        Contig to its bases; empty for sequences.
    width
        L.
    stranded
        Whether regions on the minus strand are read from it.
    starts
        int64 (n,): where each row begins in its sequence or region, as that is read: negative where it is
        padded, positive where it is cropped.
    """

    names: NDArray[np.object_]
    codes: Codes | None
    windows: TrackWindows | None
    regions: Regions | None
    lengths: dict[str, int]
    width: int
    stranded: bool
    starts: Ints

    def __len__(self) -> int:
        """Return n."""
        return len(self.names)

    def for_network(self) -> Inputs:
        """Return what a network reads."""
        if self.windows is not None:
            return self.windows.for_network
        inputs: Inputs = resolve("seqnet.model_inputs.inputs:SequenceInputs")(self.codes)
        return inputs


def load_rows(request: ExplainRequest, model: Model, tracks: SignalSource) -> ExplainedRows:
    """Read the rows; those of regions in a split where one is chosen.

    Parameters
    ----------
    tracks
        In the model's order.
    """
    return _sequences(request, model) if request.regions is None else _regions(request, model, tracks)


def _sequences(request: ExplainRequest, model: Model) -> ExplainedRows:
    """Read FASTA."""
    path = request.sequences or "-"
    records = list(read_sequences(path))
    if not records:
        raise SeqnetError(f"{path}: holds no sequences")
    if model.input["type"] == "signals" or model.input.get("signals"):
        raise UsageError(f"{model_source(request.model)} reads signal tracks: give --regions")
    fitting = Fitting(model, path)
    fitted = fitting.fitted(records)
    fitting.say()
    if _by_column(model):
        note(f"{path}: sequences are read forward; the model goes by the strand of regions")
    names = np.array([record.name for record in records], dtype=object)
    codes = _codes(fitted)
    starts = centred_start(np.array([len(record.codes) for record in records]), codes.shape[1])
    return ExplainedRows(names, codes, None, None, {}, codes.shape[1], stranded=False, starts=starts)


def _regions(request: ExplainRequest, model: Model, tracks: SignalSource) -> ExplainedRows:
    """Read regions, with the sequences and signals under them."""
    assert request.regions is not None
    genome = load_model_genome(request.genome, request.chroms, model, request.tracks)
    if request.genome is not None:
        warn_other_bases(genome, model)
    source = request.regions
    regions = fit_to_genome(read_bed(source) if isinstance(source, str) else source, genome, request.on_bad)
    if request.split != "all":
        regions = regions.take(regions.splits == request.split)
        if not len(regions):
            raise SeqnetError(f"{regions.source}: no region is in the split {request.split}")
    stranded = _by_column(model)
    inputs = region_inputs(regions, genome, model, tracks, stranded=stranded, on_bad=request.on_bad)
    codes = None
    if model.input["type"] != "signals":
        codes = inputs.codes() if isinstance(inputs, TrackWindows) else _codes(inputs)
    windows = inputs if isinstance(inputs, TrackWindows) else None
    width = int(model.input["width"]) if codes is None else codes.shape[1]
    lengths = dict(genome.lengths)
    starts = centred_start(regions.intervals.end - regions.intervals.start, width)
    return ExplainedRows(
        regions.names, codes, windows, regions, lengths, width, stranded=stranded, starts=starts
    )


def _codes(inputs: WindowCodes | AnyLengths) -> Codes:
    """Return sequences as rows of one length, in their middle."""
    if isinstance(inputs, WindowCodes):
        return inputs.codes
    return pad_sequences([record.codes for record in inputs.records], inputs.width).codes


def _by_column(model: Model) -> bool:
    """Return whether regions are read from the strand that they name."""
    settings = model.input.get("settings") or {}
    return model.header["strands"] == "column" or settings.get("strands") == "column"


# ---- choosing --------------------------------------------------------------------------------


def wanted_rows(
    request: ExplainRequest, model: Model, rows: ExplainedRows, outputs: Floats, tasks: list[int]
) -> Bools:
    """Return which rows are explained for which task, bool (n, T).

    Parameters
    ----------
    outputs
        float64 (n, T): the model's.
    tasks
        Those to explain.
    """
    wanted = np.zeros(outputs.shape, dtype=bool)
    for task in tasks:
        chosen = _positive(request, model, rows, model.tasks[task])
        most = min(request.top or len(rows), request.max_rows)
        left = int(chosen.sum())
        if left > most:
            score = np.where(chosen, outputs[:, task], -np.inf)
            best = np.argsort(-score, kind="stable")[:most]
            chosen = np.isin(np.arange(len(rows)), best)
            if request.top is None:
                which = f"the {most:,} with the highest predictions (--max-rows)"
                note(f"{model.tasks[task]}: {which} of {left:,} rows are explained")
        wanted[:, task] = chosen
    return wanted


def _positive(request: ExplainRequest, model: Model, rows: ExplainedRows, task: str) -> Bools:
    """Return the rows that are positive for a task, bool (n,), where those are wanted; all otherwise.

    Without a choice, that is where tasks are binary or classes, and rows are labelled.
    """
    every = np.ones(len(rows), dtype=bool)
    only = request.rows == "positive"
    binary = model.header.get("task_type", "binary") in ("binary", "multiclass")
    if not only and (request.rows is not None or not binary):
        return every
    regions = rows.regions
    targets = np.full(len(rows), np.nan)
    if regions is not None and task in regions.tasks:
        targets = regions.targets[:, regions.tasks.index(task)]
    if np.isnan(targets).all():
        if only:
            raise UsageError(f"--rows positive: the rows have no labels of {task}")
        return every
    if not (targets > 0).any():
        assert regions is not None
        raise SeqnetError(f"{regions.source}: no row is positive for {task} (see --rows)")
    positive: Bools = targets > 0
    return positive
