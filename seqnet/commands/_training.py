"""What the train commands share: their data, their model header, their side files."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import seqnet
from seqnet.commands._console import note
from seqnet.commands._load import apply_splits, load_genome, load_regions
from seqnet.commands._version import library_version
from seqnet.errors import SeqnetError, UsageError
from seqnet.formats._open import open_output
from seqnet.formats.bed import read_bed
from seqnet.formats.header import base_name
from seqnet.formats.kmer_table import read_kmer_table
from seqnet.formats.metrics import write_json, write_table
from seqnet.formats.model_file import write_model
from seqnet.genome.extract import extract_windows
from seqnet.genome.joins import check_distinct, join_rows
from seqnet.genome.regions import UNKNOWN, Regions
from seqnet.genome.splits import SPLITS, by_fraction, leakage_groups
from seqnet.kmers.counting import count_codes
from seqnet.kmers.settings import KmerSettings
from seqnet.kmers.table import ordered
from seqnet.networks.model import Model

if TYPE_CHECKING:
    import torch
    from scipy.sparse import csr_matrix

    from seqnet.aliases import Codes, Floats, Ints, Json
    from seqnet.genome.sequence import Genome
    from seqnet.training.metrics import BinaryMetrics

DEFAULT_VALID_FRACTION = 0.1


@dataclass(frozen=True, eq=False)
class TrainingData:
    """Labelled rows with their sequences or features.

    Parameters
    ----------
    regions
        Labels and splits.
    codes
        uint8 (n, width), where sequences are at hand.
    features
        CSR (n, d), where the model is fed features.
    settings
        What made the features.
    digests
        Contig to digest of the genome, where there was one.
    files
        The input files.
    """

    regions: Regions
    codes: Codes | None
    features: csr_matrix | None
    settings: KmerSettings | None
    digests: dict[str, str]
    files: tuple[str, ...]

    def rows(self, split: str) -> Ints:
        """Return the row numbers of a split, int64."""
        return np.flatnonzero(self.regions.splits == split)

    @property
    def targets(self) -> Floats:
        """float64 (n, T), NaN where unknown."""
        return self.regions.targets


def load_training_data(
    *,
    features: str | None,
    labels: str | None,
    regions: str | None,
    genome: str | None,
    kmers: KmerSettings | None,
    valid_chroms: Sequence[str],
    test_chroms: Sequence[str],
    valid_fraction: float | None,
    test_fraction: float | None,
    seed: int,
) -> TrainingData:
    """Read labels with a k-mer table, or regions with a genome, and split them.

    Parameters
    ----------
    kmers
        How regions are featurised; None leaves them sequences.
    """
    if (features is not None, labels is not None) == (True, True) and not (regions or genome):
        data = _from_features(str(features), str(labels))
    elif regions is not None and genome is not None and not (features or labels):
        data = _from_regions(regions, load_genome(genome), kmers, genome)
    else:
        pair = "--features with --labels, or " if kmers is not None else ""
        raise UsageError(f"give {pair}--regions with --genome")
    _check_targets(data.regions)
    split = apply_splits(
        data.regions,
        data.codes,
        valid_chroms=valid_chroms,
        test_chroms=test_chroms,
        valid_fraction=valid_fraction,
        test_fraction=test_fraction,
        seed=seed,
    )
    regions_split = _with_validation(split, data.codes, seed)
    return TrainingData(regions_split, data.codes, data.features, data.settings, data.digests, data.files)


def _from_features(features: str, labels: str) -> TrainingData:
    """Join a k-mer table with labels by name."""
    table = read_kmer_table(features)
    regions = read_bed(labels)
    check_distinct(regions)
    rows = join_rows(regions.names.tolist(), table.names, labels, features)
    return TrainingData(regions, None, ordered(table)[rows], table.settings, {}, (features, labels))


def _from_regions(path: str, genome: Genome, kmers: KmerSettings | None, genome_path: str) -> TrainingData:
    """Take the sequences of labelled regions, and their k-mers where those are wanted."""
    regions = load_regions(path, genome)
    check_distinct(regions)
    regions.width()
    stranded = kmers is not None and kmers.strands == "column"
    codes = extract_windows(genome, regions.intervals, stranded=stranded)
    matrix = None if kmers is None else count_codes(codes, kmers)
    used = genome.restrict(regions.intervals.contigs)
    return TrainingData(regions, codes, matrix, kmers, used.digests(), (path, genome_path))


def _check_targets(regions: Regions) -> None:
    """Refuse labels that cannot be learnt."""
    if not regions.tasks:
        raise SeqnetError(
            f"{regions.source}: holds no tasks; expected a labelled-regions table (see seqnet label)"
        )
    known = regions.targets[~np.isnan(regions.targets)]
    if not np.isin(known, (0.0, 1.0)).all():
        raise SeqnetError(f"{regions.source}: targets must be 0, 1 or {UNKNOWN}")


def _with_validation(regions: Regions, codes: Codes | None, seed: int) -> Regions:
    """Make sure that there are rows to train and to validate on."""
    splits = regions.splits.copy()
    if (splits == UNKNOWN).all():
        groups = leakage_groups(regions.intervals, codes)
        splits = by_fraction(groups, DEFAULT_VALID_FRACTION, 0.0, seed)
        note(f"no split given: {DEFAULT_VALID_FRACTION:.0%} of the rows, at random, validate")
    elif (splits == UNKNOWN).any():
        note(f"{int((splits == UNKNOWN).sum())} rows without a split are trained on")
        splits[splits == UNKNOWN] = "train"
    for split, purpose in (("train", "train"), ("valid", "validate")):
        if not (splits == split).any():
            raise SeqnetError(f"{regions.source}: no rows to {purpose} on (see --valid-chroms)")
    trained = regions.targets[splits == "train"]
    constant = [
        task
        for task, column in zip(regions.tasks, trained.T, strict=True)
        if len(np.unique(column[~np.isnan(column)])) < 2
    ]
    if len(constant) == len(regions.tasks):
        raise SeqnetError(f"{regions.source}: every task has one class only among the training rows")
    return regions.with_splits(splits)


def torch_device(name: str, threads: int) -> torch.device:
    """Return the device that ``--device`` names, and cap torch's threads."""
    import torch

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
    metrics: Sequence[BinaryMetrics],
) -> Json:
    """Return the header of a trained model: what it is, and what it was trained on."""
    regions = data.regions
    train = regions.targets[data.rows("train")]
    kmers = data.settings is not None
    with np.errstate(invalid="ignore"):
        rates = np.nansum(train, axis=0) / np.maximum(1, (~np.isnan(train)).sum(axis=0))
    return {
        "kind": kind,
        "architecture": architecture,
        "tasks": list(regions.tasks),
        "input": {
            "type": "kmers" if kmers else "sequence",
            "width": regions.width(),
            "features": None if data.features is None else int(data.features.shape[1]),
            "settings": None if data.settings is None else data.settings._asdict(),
        },
        "strands": strands,
        "splits": {split: _split_summary(regions, split) for split in SPLITS},
        "base_rates": dict(zip(regions.tasks, rates.tolist(), strict=True)),
        "seed": seed,
        "threads": threads,
        "command": f"train {kind}",
        "options": options,
        "inputs": {base_name(path): file_digest(path) for path in data.files},
        "versions": {"seqnet": seqnet.__version__, "torch": library_version("torch")},
        "metrics": [row._asdict() for row in metrics],
        "genome": data.digests,
    }


def _split_summary(regions: Regions, split: str) -> dict[str, Any]:
    """Return how many rows a split has, and on which contigs."""
    rows = regions.take(regions.splits == split)
    return {"rows": len(rows), "contigs": sorted(set(rows.intervals.contig_names()))}


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
