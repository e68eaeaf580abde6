"""Denoising: whole tracks through a network, to files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from seqnet.errors import UsageError
from seqnet.genome.signals.tracks import DenseTrack, normalised
from seqnet.inference.denoise import along, reach_of
from seqnet.inference.device import torch_device
from seqnet.inference.ready_network import restored
from seqnet.parallel import usable_threads
from seqnet.pipeline.denoising.targets import chosen_lengths, read_binned, say_bounded, track_units
from seqnet.pipeline.inputs.models import model_source
from seqnet.pipeline.inputs.request import SignalSource
from seqnet.pipeline.inputs.signals import model_specs, ordered_source
from seqnet.pipeline.inputs.track_checks import say_unlike
from seqnet.pipeline.prediction.model import PredictionChecker, Singles, note_trained
from seqnet.pipeline.prediction.request import PredictRequest
from seqnet.pipeline.prediction.results import PredictResult
from seqnet.pipeline.prediction.tile_writers import open_tracks, track_paths
from seqnet.reporting import meter

if TYPE_CHECKING:
    import torch

    from seqnet.aliases import Progress
    from seqnet.networks.model import Model


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
        self.model, self.step = model, int(model.input["bin"])
        self.tasks = model.tasks
        self.units = track_units(model)
        self._network = restored(model)[0].to(device).eval()
        self._reach = reach_of(self._network)
        self._device, self._threads = device, threads if device.type == "cpu" else 1

    def normalised(self, source: SignalSource, tracks: Sequence[DenseTrack]) -> list[DenseTrack]:
        """Return the tracks of a source in the model's order, in bins, normalised as the model's."""
        specs = model_specs(self.model)
        say_unlike([file.path for file in source.signals], tracks, specs)
        return [normalised(track, spec.constants) for track, spec in zip(tracks, specs, strict=True)]

    def along(self, tracks: Sequence[DenseTrack], contig: int, progress: Progress) -> Iterator[Singles]:
        """Yield the network's outputs along a contig of the tracks' layout, float32 (m, T) each."""
        begin, end = tracks[0].layout.offsets[contig : contig + 2].tolist()
        values = np.stack([track.values[begin:end] for track in tracks])
        yield from along(
            self._network, values, self._reach, device=self._device, threads=self._threads, progress=progress
        )

    def in_units(self, outputs: Singles) -> Singles:
        """Return outputs (m, T) in the units of the deep tracks, bounded; peaks as probabilities."""
        count = len(self.model.header["outputs"])
        values = self.units.values(outputs[:, :count])
        if count == len(self.tasks):
            return values
        peaks = 1 / (1 + np.exp(-outputs[:, count:].astype(np.float64)))
        return np.hstack([values, peaks.astype(np.float32)])


def _paths(request: PredictRequest, tasks: tuple[str, ...]) -> list[str]:
    """Return where each task goes, after refusing options that have no sense here."""
    if request.output is None or request.format not in ("bigwig", "bedgraph"):
        raise UsageError("denoised tracks go to bigWig or bedGraph: give -o NAME.bw")
    options = {"--prior": request.prior, "--resume": request.resume, "--max-n": request.max_n,
             "--precision bf16": request.precision != "float32"}  # fmt: skip
    for name, value in options.items():
        if value:
            raise UsageError(f"{name} does not go with a model that denoises")
    return track_paths(request.output, tasks)


def denoise(model: Model, request: PredictRequest) -> PredictResult:
    """Write denoised tracks of whole contigs, a bigWig or bedGraph per task."""
    paths = _paths(request, model.tasks)
    source = ordered_source(request.tracks, model, model_source(request.model))
    denoiser = Denoiser(model, torch_device(request.device, 1), usable_threads(request.threads))
    lengths = chosen_lengths(source.signals[0].path, request.chroms)
    tracks = denoiser.normalised(source, read_binned(source, lengths, denoiser.step))
    checker = PredictionChecker(model.tasks, request.missing)
    step = denoiser.step
    with (
        open_tracks(paths, lengths, step, request.format) as writer,
        meter("bins", len(tracks[0].values)) as bar,
    ):
        for number, name in enumerate(lengths):
            start = 0
            for outputs in denoiser.along(tracks, number, bar.advance):

                def where(row: int, name: str = name, start: int = start) -> str:
                    return f"{name}:{start + row * step}"

                writer.add(name, start, checker.checked(denoiser.in_units(outputs), where))
                start += len(outputs) * step
    checker.say()
    say_bounded(denoiser.units)
    note_trained(model, lengths)
    return PredictResult(model.tasks, len(tracks[0].values), checker.gaps, outputs=tuple(paths))
