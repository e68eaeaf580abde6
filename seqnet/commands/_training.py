"""What the train commands share: their device, their model header, their side files."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import seqnet
from seqnet.commands._version import library_version
from seqnet.errors import UsageError
from seqnet.formats._open import open_output
from seqnet.formats.header import base_name
from seqnet.formats.metrics import write_json, write_table
from seqnet.formats.model_file import write_model
from seqnet.genome.splits import SPLITS
from seqnet.networks.model import Model

if TYPE_CHECKING:
    import torch

    from seqnet.aliases import Json
    from seqnet.commands._training_data import TrainingData


def torch_device(name: str, threads: int) -> torch.device:
    """Return the device that ``--device`` names, cap torch's threads, and prepare a processor's memory."""
    import torch

    from seqnet.training.memory import keep_freed

    torch.set_num_threads(threads)
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
        if name == "cpu" and torch.backends.mps.is_available():
            name = "mps"
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise UsageError(f"--device {name}: {reason}") from error
    if device.type == "cpu":
        keep_freed()
    return device


def model_header(
    data: TrainingData,
    *,
    kind: str,
    architecture: list[dict[str, Any]],
    strands: str,
    seed: int,
    threads: int,
    options: dict[str, Any],
    metrics: Sequence[Json],
) -> Json:
    """Return the header of a trained model: what it is, and what it was trained on."""
    regions = data.regions
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
        "base_rates": dict(zip(regions.tasks, rates.tolist(), strict=True)),
        "seed": seed,
        "threads": threads,
        "command": f"train {kind}",
        "options": options,
        "inputs": {base_name(path): file_digest(path) for path in data.files},
        "versions": {"seqnet": seqnet.__version__, "torch": library_version("torch")},
        "metrics": list(metrics),
        "genome": data.digests,
    }


def _input_spec(data: TrainingData, strands: str) -> Json:
    """Return what the model is fed; with tracks, how they are normalised and what stands for no input."""
    kind = "sequence" if data.settings is None else "kmers"
    spec: Json = {
        "type": kind if data.signals is None or data.codes is not None else "signals",
        "width": data.width,
        "features": None if data.features is None else int(data.features.shape[1]),
        "settings": None if data.settings is None else data.settings._asdict(),
    }
    if data.signals is not None:
        spec["signals"] = [signal.stored() for signal in data.signals.specs]
        spec["missing"] = data.signals.missing
        if data.codes is not None:
            counts = np.bincount(data.codes[data.rows("train")].reshape(-1), minlength=5)
            both = (counts[:4] + counts[3::-1]) / 2
            spec["base_means"] = ((both if strands == "both" else counts[:4]) / counts.sum()).tolist()
    return spec


def _split_summary(data: TrainingData, split: str) -> dict[str, Any]:
    """Return how many rows a split has, and on which contigs."""
    rows = data.rows(split)
    names = set(data.regions.intervals.take(rows).contig_names()) if data.located else set()
    return {"rows": len(rows), "contigs": sorted(names)}


def file_digest(path: str) -> str:
    """Return the SHA-256 of a file, empty for stdin."""
    if not Path(path).is_file():
        return ""
    with Path(path).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@dataclass(frozen=True)
class SideFiles:
    """Where the files beside a model go; None for those left out."""

    metrics: str
    json: str
    plot: str | None

    @staticmethod
    def beside(output: str, metrics: str | None, json: str | None, plot: str | None) -> SideFiles:
        """Return the names derived from the model's, where none is given."""
        stem = output.removesuffix(".safetensors")
        return SideFiles(
            metrics or f"{stem}.metrics.tsv", json or f"{stem}.json", plot or f"{stem}.curve.svg"
        )


def write_outputs(
    output: str,
    side: SideFiles,
    model: Model,
    columns: Sequence[str],
    log: Sequence[Sequence[object]],
    curve: bytes | None,
    summary: Json | None = None,
) -> None:
    """Write side files, then the model, so that the model's presence says that all is there.

    Parameters
    ----------
    summary
        What the JSON holds beside the model's header.
    """
    with ExitStack() as stack:
        write_table(stack.enter_context(open_output(side.metrics)), columns, log)
        write_json(stack.enter_context(open_output(side.json)), {**model.header, **(summary or {})})
        if curve is not None and side.plot is not None:
            stack.enter_context(open_output(side.plot)).write(curve)
    write_model(output, model)
