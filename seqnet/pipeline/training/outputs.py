"""What the train commands share: their device, their model header, their side files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from seqnet.formats.files.checksummed import file_digest
from seqnet.formats.files.header import base_name
from seqnet.formats.files.opening import open_output
from seqnet.formats.models.model_file import write_model
from seqnet.formats.results.metrics import write_json, write_table
from seqnet.genome.splitting.splits import SPLITS
from seqnet.lookup import library_version
from seqnet.networks.model import KMERS_TYPE, SCORES_TYPE, Model
from seqnet.pipeline.motifs.pictures import image_format
from seqnet.pipeline.outputs import BESIDE_MODEL, expect_writable
from seqnet.version import __version__

if TYPE_CHECKING:
    from seqnet.aliases import Json
    from seqnet.networks.outline import LayerRow
    from seqnet.networks.presets import Layers
    from seqnet.pipeline.training.data import TrainingData
    from seqnet.pipeline.training.request import TrainRequest


FigureRow: TypeAlias = Mapping[str, object]
"""A row of figures by name; None for those that are not defined."""


@dataclass(frozen=True, eq=False)
class TrainingResult:
    """A trained model, how good it is, and how it came about.

    Parameters
    ----------
    model
        None after a dry run, and in processes of a run other than the first.
    metrics
        A row for each task on the validation rows, and beyond one task their mean last; the mean alone of
        multiclass targets, regressions and counts.
    history
        A row for each epoch; of linear models for each fit.
    baselines
        Name of a baseline to its metrics.
    counts
        Split to number of rows.
    layers
        After a dry run, the layers of the network with output shapes, parameters and receptive field.

    Examples
    --------
    >>> pandas.DataFrame(result.history).plot("epoch", ["train_loss", "valid_loss"])  # doctest: +SKIP
    """

    model: Model | None = None
    metrics: tuple[FigureRow, ...] = ()
    history: tuple[FigureRow, ...] = ()
    baselines: Mapping[str, tuple[FigureRow, ...]] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)
    layers: tuple[LayerRow, ...] = ()

    @staticmethod
    def of(model: Model, history: tuple[FigureRow, ...]) -> TrainingResult:
        """Return the result that a model's header holds, with its history."""
        header = model.header
        return TrainingResult(
            model,
            tuple(header["metrics"]),
            history,
            {name: tuple(rows) for name, rows in header.get("baselines", {}).items()},
            {split: summary["rows"] for split, summary in header["splits"].items()},
        )

    def layer_lines(self) -> list[str]:
        """Return the layers as lines of a table with tabs, its heading first; none after training."""
        if not self.layers:
            return []
        cells = [["." if value is None else str(value) for value in row] for row in self.layers]
        return ["\t".join(row) for row in (self.layers[0]._fields, *cells)]


def model_header(
    data: TrainingData,
    *,
    kind: str,
    architecture: Layers,
    strands: str,
    seed: int,
    threads: int,
    options: Mapping[str, object],
    metrics: Sequence[Json],
) -> Json:
    """Return the header of a trained model: what it is, and what it was trained on."""
    regions = data.regions
    library = "numpy" if kind == "linear" else "torch"
    train = regions.targets[data.rows("train")]
    weights = data.weights_of(data.rows("train"))
    each = np.ones((len(train), 1)) if weights is None else weights[:, None]
    with np.errstate(invalid="ignore"):
        known = ((~np.isnan(train)) * each).sum(axis=0)
        rates = np.nansum(train * each, axis=0) / np.where(known > 0, known, 1)
    return {
        "kind": kind,
        "architecture": architecture,
        "tasks": list(regions.tasks),
        "input": _input_spec(data, strands),
        "strands": strands,
        "task_type": data.task_type,
        "splits": {split: _split_summary(data, split) for split in SPLITS},
        "stretches": None if data.stretches is None else data.stretches.stored(),
        "base_rates": dict(zip(regions.tasks, rates.tolist(), strict=True)),
        "seed": seed,
        "threads": threads,
        "command": f"train {kind}",
        "options": options,
        "inputs": {base_name(path): file_digest(path) for path in data.files},
        "versions": {"seqnet": __version__, library: library_version(library)},
        "metrics": list(metrics),
        "genome": data.digests,
    }


def _input_spec(data: TrainingData, strands: str) -> Json:
    """Return the model's inputs; with tracks, how they are normalised and the values that mean no input."""
    kind = "sequence"
    if data.settings is not None:
        kind = SCORES_TYPE if data.settings.names else KMERS_TYPE
    spec: Json = {
        "type": kind if data.signals is None or data.codes is not None else "signals",
        "width": data.width,
        "features": None if data.features is None else int(data.features.shape[1]),
        "settings": None if data.settings is None else data.settings.stored(),
    }
    if data.signals is not None:
        spec["signals"] = [signal.stored() for signal in data.signals.specs]
        spec["missing"] = data.signals.missing
        if data.codes is not None:
            counts = np.bincount(data.codes[data.rows("train")].reshape(-1), minlength=5)
            both = (counts[:4] + counts[3::-1]) / 2
            spec["base_means"] = ((both if strands == "both" else counts[:4]) / counts.sum()).tolist()
    return spec


def _split_summary(data: TrainingData, split: str) -> dict[str, int | list[str]]:
    """Return how many rows a split has, and on which contigs."""
    rows = data.rows(split)
    names = set(data.regions.intervals.take(rows).contig_names()) if data.located else set()
    return {"rows": len(rows), "contigs": sorted(names)}


@dataclass(frozen=True)
class SideFiles:
    """Where the side files of a model go; None for those left out."""

    metrics: str
    json: str
    plot: str | None

    @staticmethod
    def beside(output: str, metrics: str | None, json: str | None, plot: str | None) -> SideFiles:
        """Return the names derived from the model's, where none is given."""
        stem = output.removesuffix(".safetensors")
        paths = {"metrics": metrics, "json_path": json, "plot": plot}
        return SideFiles(*(paths[name] or stem + suffix for name, suffix in BESIDE_MODEL.items()))


def write_outputs(
    request: TrainRequest, model: Model, history: Sequence[FigureRow], curve: bytes | None, summary: Json
) -> TrainingResult:
    """Return a trained model as a result; write it with its side files where the request names an output.

    Side files come first, so that the model's presence means that all is there.

    Parameters
    ----------
    curve
        The learning curve as an image.
    summary
        What the JSON holds besides the model's header.
    """
    if request.output is not None:
        paths = request.side_paths()
        side = SideFiles.beside(request.output, paths["metrics"], paths["json"], paths.get("plot"))
        with ExitStack() as stack:
            log = [list(row.values()) for row in history]
            write_table(stack.enter_context(open_output(side.metrics)), list(history[0]), log, {})
            write_json(stack.enter_context(open_output(side.json)), {**model.header, **summary})
            if curve is not None and side.plot is not None:
                stack.enter_context(open_output(side.plot)).write(curve)
        write_model(request.output, model)
    return TrainingResult.of(model, tuple(history))


def expect_outputs(request: TrainRequest) -> None:
    """Make sure, before long work, that outputs can be written; otherwise as `expect_writable`."""
    paths = request.side_paths()
    if (plot := paths.get("plot")) is not None:
        image_format(plot)
    expect_writable(request.output, *paths.values())
