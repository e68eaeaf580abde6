"""Denoising: whole tracks through a network, to files and to a judgement."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqnet.commands._console import note, training_bar
from seqnet.commands._denoising import PEAKS, chosen_lengths, peak_bins, read_binned, target_specs
from seqnet.commands._paths import TASK, path_per_name
from seqnet.commands._prediction import Checker, PredictOptions, format_of
from seqnet.commands._signals import SignalFile, SignalSource, model_specs, ordered_source
from seqnet.errors import SeqnetError, UsageError

if TYPE_CHECKING:
    import torch

    from seqnet.aliases import Progress
    from seqnet.commands._evaluation import Evaluation
    from seqnet.genome.tracks import DenseTrack
    from seqnet.networks.model import Model

Singles = NDArray[np.float32]


class Denoiser:
    """A model from signal to signal, made ready.

    Parameters
    ----------
    model
        As read from its file.
    device
        Where to compute.
    threads
        Pieces of a contig computed at a time.
    """

    def __init__(self, model: Model, device: torch.device, threads: int) -> None:
        from seqnet.training.denoise import reach_of
        from seqnet.training.predictor import restored

        self.model, self.step = model, int(model.input["bin"])
        self.tasks = model.tasks
        self._network = restored(model).to(device).eval()
        self._reach = reach_of(self._network)
        self._device, self._threads = device, threads if device.type == "cpu" else 1

    def read(self, source: SignalSource, lengths: Mapping[str, int]) -> list[DenseTrack]:
        """Read the tracks of a source in the model's order, in bins, normalised as the model's."""
        from seqnet.genome.tracks import normalised

        read = read_binned(source, lengths, self.step)
        specs = model_specs(self.model)
        return [normalised(track, spec.constants) for track, spec in zip(read, specs, strict=True)]

    def along(self, tracks: Sequence[DenseTrack], contig: int, progress: Progress) -> Iterator[Singles]:
        """Yield the network's outputs along a contig of the tracks' layout, float32 (m, T) each."""
        from seqnet.training.denoise import along

        begin, end = tracks[0].layout.offsets[contig : contig + 2].tolist()
        values = np.stack([track.values[begin:end] for track in tracks])
        yield from along(
            self._network, values, self._reach, device=self._device, threads=self._threads, progress=progress
        )

    def in_units(self, outputs: Singles) -> Singles:
        """Return outputs (m, T) in the units of the deep tracks, peaks as probabilities."""
        columns: list[NDArray[Any]] = [
            spec.constants.undo(outputs[:, number]) for number, spec in enumerate(target_specs(self.model))
        ]
        if self.tasks[-1] == PEAKS and len(columns) < len(self.tasks):
            columns.append(1 / (1 + np.exp(-outputs[:, -1].astype(np.float64))))
        return np.stack(columns, axis=1).astype(np.float32)


def _paths(options: PredictOptions, tasks: tuple[str, ...]) -> list[str]:
    """Return where each task goes, after refusing options that have no sense here."""
    if format_of(options.output) not in ("bigwig", "bedgraph"):
        raise UsageError("denoised tracks go to bigWig or bedGraph: give -o NAME.bw")
    given = {"--prior": options.prior, "--resume": options.resume, "--max-n": options.max_n,
             "--precision bf16": options.precision != "float32"}  # fmt: skip
    for name, value in given.items():
        if value:
            raise UsageError(f"{name} does not go with a model that denoises")
    if len(tasks) > 1 and TASK not in options.output:
        raise UsageError(f"the model has {len(tasks)} tasks: put '{TASK}' in the output's name")
    return path_per_name(options.output, TASK, tasks, "-o: the tracks of two tasks")


def denoise(model: Model, options: PredictOptions) -> None:
    """Write denoised tracks of whole contigs, a bigWig or bedGraph per task."""
    from seqnet.commands._tile_writers import open_tracks
    from seqnet.commands._training import torch_device

    paths = _paths(options, model.tasks)
    source = options.tracks(model)
    denoiser = Denoiser(model, torch_device(options.device, 1), options.threads)
    lengths = chosen_lengths(source.signals[0].path, options.chroms)
    tracks = denoiser.read(source, lengths)
    checker = Checker(model.tasks, options.missing)
    step = denoiser.step
    with (
        open_tracks(paths, lengths, step, format_of(options.output)) as writer,
        training_bar(len(tracks[0].values), "bins") as bar,
    ):
        for number, name in enumerate(lengths):
            start = 0
            for outputs in denoiser.along(tracks, number, bar.advance):

                def where(row: int, name: str = name, start: int = start) -> str:
                    return f"{name}:{start + row * step}"

                writer.add(name, start, checker.checked(denoiser.in_units(outputs), where))
                start += len(outputs) * step
    checker.say()
    trained = set(model.header["splits"]["train"]["contigs"]) & set(lengths)
    if trained:
        note(f"{len(trained)} of {len(lengths)} contigs were trained on")


# ---- judging ---------------------------------------------------------------------------------


class Deep(NamedTuple):
    """What denoised tracks are judged by."""

    targets: SignalSource
    split: str
    chroms: tuple[str, ...]
    peaks: str | None


def judged_denoising(
    path: str, model: Model, source: SignalSource, deep: Deep, device: str, threads: int
) -> Evaluation:
    """Judge a model along whole contigs: denoised tracks, and the inputs as they are beside.

    All are compared in the model's scale, asinh of the means of bins, centred and divided by the largest.

    Parameters
    ----------
    path
        The model's.
    source
        Its input tracks, as given.
    """
    from seqnet.commands._evaluate_tiles import top_rows
    from seqnet.commands._evaluation import Baseline, Evaluation
    from seqnet.commands._training import torch_device
    from seqnet.formats.header import base_name
    from seqnet.training.metrics.judging import Question, difference, judge
    from seqnet.training.metrics.names import HEADLINES

    source = ordered_source(source, model, path)
    specs = target_specs(model)
    lengths, split = _judged_contigs(source, model, deep)
    denoiser = Denoiser(model, torch_device(device, 1), threads)
    tracks = denoiser.read(source, lengths)
    with training_bar(len(tracks[0].values), "bins") as bar:
        outputs = np.concatenate(
            [part for number in range(len(lengths)) for part in denoiser.along(tracks, number, bar.advance)]
        ).astype(np.float64)
    truth = _truth(deep, specs, lengths, denoiser.step)
    if deep.peaks is None:
        note("peak bins are those of the highest 5 % of targets")
        peaks = top_rows(truth)
    else:
        inside = peak_bins(deep.peaks, lengths, denoiser.step) > 0
        peaks = np.repeat(inside[:, None], len(specs), axis=1)
    names = tuple(spec.name for spec in specs)
    question = Question("regression", {}, peaks)
    found = judge(names, truth, outputs[:, : len(specs)], question)
    beside = []
    for spec, track in zip(model_specs(model), tracks, strict=True):
        same = np.repeat(track.values.astype(np.float64)[:, None], len(specs), axis=1)
        judged = judge(names, truth, same, question)
        gains = {metric: difference(found, judged, metric) for metric in HEADLINES["regression"]}
        beside.append(Baseline(f"{spec.name} as it is", judged, gains))
    labels = ", ".join(base_name(file.path) for file in deep.targets.signals)
    return Evaluation(
        base_name(path), labels, split, truth, outputs[:, : len(specs)], found, "", {}, None, {}, beside,
        model=model.header, undenoised=beside,
    )  # fmt: skip


def _judged_contigs(source: SignalSource, model: Model, deep: Deep) -> tuple[dict[str, int], str]:
    """Return the contigs to judge, name to length, and the name of their split."""
    wanted = deep.chroms
    split = "all" if wanted else deep.split
    if not wanted and split != "all":
        parts = model.header["splits"]
        wanted = tuple(parts[split]["contigs"])
        others = {name for key, part in parts.items() if key != split for name in part["contigs"]}
        if not wanted or set(wanted) & others:
            raise SeqnetError(
                f"the model held out no whole contigs as {split}; give --chroms, or --split all"
            )
    return chosen_lengths(source.signals[0].path, wanted), split


def _truth(deep: Deep, specs: Sequence[Any], lengths: Mapping[str, int], step: int) -> NDArray[np.float64]:
    """Return the deep tracks as the model's scale has them, float64 (bins, T)."""
    given = {file.name: file for file in deep.targets.signals}
    names = [spec.name for spec in specs]
    if set(given) != set(names):
        raise SeqnetError(
            f"the model makes the tracks {', '.join(names)} (--target-track NAME=BIGWIG); "
            f"found {', '.join(given) or 'none'}"
        )
    read = read_binned(deep.targets._replace(signals=tuple(given[name] for name in names)), lengths, step)
    columns = [spec.constants.apply(track.values) for spec, track in zip(specs, read, strict=True)]
    return np.stack(columns, axis=1).astype(np.float64)


def denoised_evaluation(
    predictions: tuple[str, ...],
    *,
    model: str | None,
    device: str,
    threads: int,
    target_tracks: tuple[SignalFile, ...],
    **options: Any,
) -> Evaluation:
    """Judge denoised tracks by the options of ``evaluate``."""
    from seqnet.commands._load import expand_names
    from seqnet.formats.model_file import read_model

    tracks = SignalSource.take(options)
    if model is None or predictions or not tracks.signals:
        raise UsageError("--target-track goes with --model and --signal, and no predictions")
    for name in (
        "labels",
        "regions",
        "genome",
        "features",
        "ablate",
        "baselines",
        "tiles",
        "threshold",
        "peak_width",
    ):
        if options.get(name):
            option = name.removesuffix("s") if name == "baselines" else name.replace("_", "-")
            raise UsageError(f"--{option} does not go with --target-track")
    if options["task_type"] not in (None, "regression"):
        raise UsageError("denoised tracks are judged as a regression")
    targets = tracks._replace(signals=target_tracks)
    chroms = tuple(expand_names(options["chroms"]))
    deep = Deep(targets, options["split"], chroms, options["peaks"])
    return judged_denoising(model, read_model(model), tracks, deep, device, threads)
