"""Predictions along a genome in tiles: tracks and tables, whole or continued."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from seqnet.datasets.checks import counted
from seqnet.errors import SeqnetError
from seqnet.formats.files.checksummed import file_digest
from seqnet.formats.files.header import base_name
from seqnet.formats.files.opening import open_output
from seqnet.formats.files.together import after_outputs
from seqnet.formats.tracks.finished_contigs import Parts
from seqnet.genome.signals.layout import whole_contigs
from seqnet.inference.tiles import MAX_AMBIGUOUS, Contig, TileChunk, Tiles
from seqnet.pipeline.inputs.model_inputs import load_model_genome, required_width, warn_other_bases
from seqnet.pipeline.inputs.models import model_digest
from seqnet.pipeline.inputs.signals import model_specs, signals_for
from seqnet.pipeline.outputs import TASK
from seqnet.pipeline.prediction.model import (
    ModelPredictor,
    PredictionChecker,
    Singles,
    header_of,
    note_trained,
)
from seqnet.pipeline.prediction.request import PredictRequest
from seqnet.pipeline.prediction.results import PredictResult
from seqnet.pipeline.prediction.tile_writers import TileTable, TileWriter, open_tracks, track_paths
from seqnet.reporting import Meter, detail, human, meter, note
from seqnet.version import __version__

if TYPE_CHECKING:
    from seqnet.genome.sequence import Genome
    from seqnet.networks.model import Model
    from seqnet.pipeline.inputs.request import SignalSource

_ROWS_AT_ONCE = 1 << 14


def predict_genome(
    predictor: ModelPredictor, model: Model, tracks: SignalSource, request: PredictRequest
) -> PredictResult:
    """Predict a genome in tiles.

    Parameters
    ----------
    tracks
        In the model's order.

    Raises
    ------
    SeqnetError
        Before anything is written, if no tile can be predicted: contigs are too short, or N.
    """
    assert request.tile is not None
    width = required_width(model)
    paths = track_paths(request.output or "-", predictor.columns)
    genome = load_model_genome(request.genome, request.chroms, model, request.tracks)
    share = MAX_AMBIGUOUS if request.max_n is None else request.max_n
    tiles = Tiles(predictor, request.tile, share)
    if not any(map(tiles.any_clear, genome.codes.values())):
        raise SeqnetError(f"{genome.source}: {_why_none(genome.lengths, request.tile, width, share)}")
    if request.genome is not None:
        warn_other_bases(genome, model)
    _say_plan(tiles, len(predictor.tasks))
    checker = PredictionChecker(predictor.columns, request.missing)
    run = _Run(tiles, genome, request, checker, len(predictor.columns), _Tracks(tracks, model, genome))
    parts = _parts(run, model, share) if request.resume else None
    with _writer(paths, predictor.columns, genome, request, model) as writer:
        if parts is None:
            _at_once(run, writer)
        else:
            _through_parts(run, parts, writer)
    if parts is not None:
        after_outputs(parts.remove)
    done = counted(run.predicted, "tile")
    detail(f"{done}, {run.gaps} left out: too little of their window is known (--max-n)")
    checker.say()
    note_trained(model, genome.lengths)
    return PredictResult(predictor.columns, run.predicted, checker.gaps, run.gaps, outputs=tuple(paths))


def _why_none(lengths: Mapping[str, int], step: int, width: int, share: float) -> str:
    """Return why no tile of `step` bases has a window of `width` bases that is clear enough."""
    longest = max(lengths, key=lengths.__getitem__)
    known = max(1, width - math.floor(share * width))
    found = (
        f"no tile can be predicted: the longest contig, {longest}, has {counted(lengths[longest], 'base')}"
    )
    if lengths[longest] < known:
        return f"{found}; a window of {width} bases needs {known} that are known (--max-n {share:g})"
    if lengths[longest] < step:
        return f"{found}; expected --tile of at most {lengths[longest]}, not {step}"
    return (
        f"no tile can be predicted: more than {share:g} of every window is N or outside its contig (--max-n)"
    )


def _say_plan(tiles: Tiles, tasks: int) -> None:
    """Say under -v how tiles are computed."""
    plan = tiles.plan
    if plan is None:
        detail(f"each window is predicted by itself, for {tasks} tasks: nothing is cheaper and exact")
        return
    phases = counted(len(plan.places[-1].phases), "phase")
    detail(
        f"windows share {plan.shared} of {plan.layers} layers, in {phases}: "
        f"about {human(plan.work)} multiplications a tile in place of {human(plan.alone)}"
    )


class _Tracks:
    """The signal tracks of one contig at a time."""

    def __init__(self, source: SignalSource, model: Model, genome: Genome) -> None:

        self._source, self._specs, self._lengths = source, model_specs(model), genome.lengths
        self._said: set[str] = set()

    def of(self, contig: str) -> list[Singles]:
        """Return the tracks along a contig, float32 (length,) each, normalised as the model's."""
        if not self._specs:
            return []

        layout = whole_contigs({contig: self._lengths[contig]})
        return [track.values for track in signals_for(self._source, self._specs, layout, self._said).tracks]

    def identity(self) -> dict[str, str]:
        """Return name and digest of each track."""
        return {name: file_digest(path) for name, path in self._source.signals}


class _Run:
    """The computation of all tiles, and what it counts."""

    def __init__(
        self,
        tiles: Tiles,
        genome: Genome,
        request: PredictRequest,
        checker: PredictionChecker,
        tasks: int,
        tracks: _Tracks,
    ) -> None:
        self.tiles, self.genome, self.request = tiles, genome, request
        self.tasks = tasks
        self._checker = checker
        self.tracks = tracks
        self.predicted = self.gaps = 0

    @property
    def total(self) -> int:
        """Number of tiles."""
        return sum(map(self.tiles.count, self.genome.lengths.values()))

    def groups(self) -> list[list[str]]:
        """Return the names of the contigs, those together that are predicted together."""
        names = list(self.genome.lengths)
        return [names[some] for some in self.tiles.groups(self.genome.lengths.values())]

    def chunks(self, names: list[str], bar: Meter) -> Iterator[tuple[str, Iterator[Singles]]]:
        """Predict the tiles of a group's contigs in order, float32 (m, T) each."""
        codes = self.genome.codes
        if len(names) == 1:
            name = names[0]
            chunks = self.tiles.predict(codes[name], bar.advance, self.tracks.of(name))
            yield name, (self._checked(name, chunk) for chunk in chunks)
            return
        contigs = [Contig(codes[name], self.tracks.of(name)) for name in names]
        for name, chunk in zip(names, self.tiles.predict_together(contigs, bar.advance), strict=True):
            yield name, iter([self._checked(name, chunk)])

    def _checked(self, name: str, chunk: TileChunk) -> Singles:
        """Return the predictions of a contig's consecutive tiles, float32 (m, T)."""
        step = self.request.tile or 1
        values = chunk.values
        there = np.flatnonzero(chunk.clear)

        def where(row: int) -> str:
            start = chunk.start + int(there[row]) * step
            return f"{name}:{start}-{min(start + step, self.genome.lengths[name])}"

        values[there] = self._checker.checked(values[there], where)
        return values

    def written(self, writer: TileWriter, name: str, chunks: Iterator[Singles]) -> None:
        """Hand the chunks of a contig to the writer, and count."""
        start = 0
        for values in chunks:
            writer.add(name, start, values)
            start += len(values) * (self.request.tile or 1)
            gaps = int(np.isnan(values).all(axis=1).sum())
            self.gaps += gaps
            self.predicted += len(values) - gaps


def _at_once(run: _Run, writer: TileWriter) -> None:
    """Predict and write contig after contig."""
    with meter("windows", run.total) as bar:
        for names in run.groups():
            for name, chunks in run.chunks(names, bar):
                run.written(writer, name, chunks)


def _parts(run: _Run, model: Model, share: float) -> Parts:
    """Open the folder of finished contigs."""
    request = run.request
    source = request.model
    identity = {
        "version": __version__,
        "model": file_digest(source) if isinstance(source, str) else model_digest(model),
        "tile": request.tile,
        "max_n": share, "prior": request.prior, "spread": request.spread,
        "precision": request.precision, "missing": request.missing,
        "genome": run.genome.digests(), "tracks": run.tracks.identity(),
        "signal_missing": request.signal_missing,
    }  # fmt: skip
    return Parts(request.work_dir or (request.output or "-").replace(TASK, "tasks") + ".parts", identity)


def _through_parts(run: _Run, parts: Parts, writer: TileWriter) -> None:
    """Predict contigs that an earlier run did not finish, then write all of them."""
    known = 0
    numbers = {name: number for number, name in enumerate(run.genome.lengths)}
    counts = {name: run.tiles.count(length) for name, length in run.genome.lengths.items()}
    with meter("windows", run.total) as bar:
        for names in run.groups():
            there = {name for name in names if parts.has(numbers[name], counts[name], run.tasks)}
            known += len(there)
            if len(there) == len(names):
                bar.skip(sum(counts[name] for name in names))
                continue
            for name, chunks in run.chunks(names, bar):
                if name not in there:
                    parts.write(numbers[name], chunks)
    if known:
        note(f"{known} of {len(run.genome.codes)} contigs had been predicted already")
    for number, name in enumerate(run.genome.codes):
        run.written(writer, name, parts.read(number, run.tasks, _ROWS_AT_ONCE))


@contextmanager
def _writer(
    paths: list[str], tasks: tuple[str, ...], genome: Genome, request: PredictRequest, model: Model
) -> Iterator[TileWriter]:
    """Open the outputs."""
    step, kind = request.tile or 1, request.format
    if kind in ("bigwig", "bedgraph"):
        with open_tracks(paths, genome.lengths, step, kind) as writer:
            yield writer
        return
    with open_output(paths[0]) as stream:
        header = header_of(request, model, genome=base_name(genome.source), tile=step, max_n=request.max_n)
        yield TileTable(stream, tasks, step, genome.lengths, header, named=kind == "tsv")
