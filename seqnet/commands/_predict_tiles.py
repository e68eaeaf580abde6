"""Predictions along a genome in tiles: tracks and tables, whole or continued."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

import seqnet
from seqnet.commands._console import TrainingBar, detail, human, note, training_bar
from seqnet.commands._paths import TASK, path_per_name
from seqnet.commands._prediction import (
    Checker,
    PredictOptions,
    Singles,
    format_of,
    header_of,
    load_checked_genome,
    note_trained,
    required_width,
)
from seqnet.commands._tile_writers import Table, TileWriter, open_tracks
from seqnet.errors import UsageError
from seqnet.formats._open import open_output
from seqnet.formats.header import base_name

if TYPE_CHECKING:
    from seqnet.commands._signals import SignalSource
    from seqnet.formats.parts import Parts
    from seqnet.genome.sequence import Genome
    from seqnet.networks.model import Model
    from seqnet.training.predictor import Predictor
    from seqnet.training.tiles import Tiles

_ROWS_AT_ONCE = 1 << 14


def predict_genome(predictor: Predictor, model: Model, options: PredictOptions) -> None:
    """Predict a genome in tiles."""
    from seqnet.datasets.checks import counted
    from seqnet.training.tiles import MAX_AMBIGUOUS, Tiles

    assert options.tile is not None
    required_width(predictor)
    paths = _paths(options, predictor.tasks)
    genome = load_checked_genome(options, model)
    share = MAX_AMBIGUOUS if options.max_n is None else options.max_n
    tiles = Tiles(predictor, options.tile, share)
    _tell_plan(tiles, len(predictor.tasks))
    checker = Checker(predictor.tasks, options.missing)
    tracks = _Tracks(options.tracks(model), model, genome)
    run = _Run(tiles, genome, options, checker, len(predictor.tasks), tracks)
    parts = _parts(run, share) if options.resume else None
    with _writer(paths, predictor.tasks, genome, options, model) as writer:
        if parts is None:
            _at_once(run, writer)
        else:
            _through_parts(run, parts, writer)
    if parts is not None:
        parts.remove()
    done = counted(run.predicted, "tile")
    detail(f"{done}, {run.gaps} left out: too little of their window is known (--max-n)")
    checker.say()
    note_trained(model, genome)


def _paths(options: PredictOptions, tasks: tuple[str, ...]) -> list[str]:
    """Return where predictions go: one table, or a track for each task."""
    output = options.output
    if format_of(output) in ("bed", "tsv"):
        if TASK in output:
            raise UsageError(f"a table has a column per task: leave {TASK} out of {output}")
        return [output]
    if len(tasks) > 1 and TASK not in output:
        raise UsageError(f"the model has {len(tasks)} tasks: put '{TASK}' in the output's name")
    return path_per_name(output, TASK, tasks, "-o: the tracks of two tasks")


def _tell_plan(tiles: Tiles, tasks: int) -> None:
    """Say under -v how tiles are computed."""
    from seqnet.datasets.checks import counted

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
        from seqnet.commands._signals import model_specs

        self._source, self._specs, self._lengths = source, model_specs(model), genome.lengths

    def of(self, contig: str) -> list[Singles]:
        """Return the tracks along a contig, float32 (length,) each, normalised as the model's."""
        if not self._specs:
            return []
        from seqnet.commands._signals import signals_for
        from seqnet.genome.layout import whole_contigs

        layout = whole_contigs({contig: self._lengths[contig]})
        return [track.values for track in signals_for(self._source, self._specs, layout).tracks]

    def identity(self) -> dict[str, str]:
        """Return name and digest of each track."""
        from seqnet.commands._training import file_digest

        return {name: file_digest(path) for name, path in self._source.signals}


class _Run:
    """The computation of all tiles, and what it counts."""

    def __init__(
        self,
        tiles: Tiles,
        genome: Genome,
        options: PredictOptions,
        checker: Checker,
        tasks: int,
        tracks: _Tracks,
    ) -> None:
        self.tiles, self.genome, self.options = tiles, genome, options
        self.tasks = tasks
        self._checker = checker
        self.tracks = tracks
        self.predicted = self.gaps = 0

    @property
    def total(self) -> int:
        """Number of tiles."""
        return sum(map(self.tiles.count, self.genome.lengths.values()))

    def chunks(self, name: str, bar: TrainingBar) -> Iterator[Singles]:
        """Predict the tiles of a contig in order, float32 (m, T)."""
        step = self.options.tile or 1
        for chunk in self.tiles.predict(self.genome.codes[name], bar.advance, self.tracks.of(name)):
            values = chunk.values
            there = np.flatnonzero(chunk.clear)
            begin = chunk.start

            def where(row: int, there: np.ndarray = there, begin: int = begin) -> str:
                start = begin + int(there[row]) * step
                return f"{name}:{start}-{min(start + step, self.genome.lengths[name])}"

            values[there] = self._checker.checked(values[there], where)
            yield values

    def written(self, writer: TileWriter, name: str, chunks: Iterator[Singles]) -> None:
        """Hand the chunks of a contig to the writer, and count."""
        start = 0
        for values in chunks:
            writer.add(name, start, values)
            start += len(values) * (self.options.tile or 1)
            gaps = int(np.isnan(values).all(axis=1).sum())
            self.gaps += gaps
            self.predicted += len(values) - gaps


def _at_once(run: _Run, writer: TileWriter) -> None:
    """Predict and write contig after contig."""
    with training_bar(run.total, "windows") as bar:
        for name in run.genome.codes:
            run.written(writer, name, run.chunks(name, bar))


def _parts(run: _Run, share: float) -> Parts:
    """Open the folder of finished contigs."""
    from seqnet.commands._training import file_digest
    from seqnet.formats.parts import Parts

    options = run.options
    identity = {
        "version": seqnet.__version__, "model": file_digest(options.model), "tile": options.tile,
        "max_n": share, "prior": options.prior, "precision": options.precision, "missing": options.missing,
        "genome": run.genome.digests(), "tracks": run.tracks.identity(),
        "signal_missing": options.signal_missing,
    }  # fmt: skip
    return Parts(options.work_dir or options.output.replace(TASK, "tasks") + ".parts", identity)


def _through_parts(run: _Run, parts: Parts, writer: TileWriter) -> None:
    """Predict contigs that an earlier run did not finish, then write all of them."""
    known = 0
    with training_bar(run.total, "windows") as bar:
        for number, (name, length) in enumerate(run.genome.lengths.items()):
            count = run.tiles.count(length)
            if parts.has(number, count, run.tasks):
                known += 1
                bar.skip(count)
            else:
                parts.write(number, run.chunks(name, bar))
    if known:
        note(f"{known} of {len(run.genome.codes)} contigs had been predicted already")
    for number, name in enumerate(run.genome.codes):
        run.written(writer, name, parts.read(number, run.tasks, _ROWS_AT_ONCE))


@contextmanager
def _writer(
    paths: list[str], tasks: tuple[str, ...], genome: Genome, options: PredictOptions, model: Model
) -> Iterator[TileWriter]:
    """Open the outputs."""
    step, kind = options.tile or 1, format_of(options.output)
    if kind in ("bigwig", "bedgraph"):
        with open_tracks(paths, genome.lengths, step, kind) as writer:
            yield writer
        return
    with open_output(paths[0]) as stream:
        header = header_of(options, model, genome=base_name(genome.source), tile=step, max_n=options.max_n)
        yield Table(stream, tasks, step, genome.lengths, header, named=kind == "tsv")
