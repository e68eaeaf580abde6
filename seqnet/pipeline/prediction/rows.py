"""Predictions of regions, sequences and k-mer tables: a row each."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from typing import BinaryIO

import numpy as np

from seqnet.errors import UsageError
from seqnet.formats.files.header import header_lines
from seqnet.formats.files.opening import open_output, to_bytes
from seqnet.formats.regions.bed import read_bed, write_regions
from seqnet.formats.results.scores import NO_TASKS
from seqnet.formats.sequences.fasta import read_sequences
from seqnet.formats.sequences.sequence_table import Columns, read_sequence_table
from seqnet.genome.regions import Regions
from seqnet.genome.sequence import EncodedSequence, no_sequences
from seqnet.genome.splitting.stretches import header_entries
from seqnet.networks.model import Model
from seqnet.pipeline.inputs.genome import fit_to_genome
from seqnet.pipeline.inputs.model_inputs import (
    Fitting,
    load_model_genome,
    region_inputs,
    sequence_batches,
    table_inputs,
    warn_other_bases,
)
from seqnet.pipeline.inputs.request import SignalSource
from seqnet.pipeline.prediction.model import (
    ModelPredictor,
    PredictionChecker,
    Singles,
    header_of,
    predicted,
    texts,
)
from seqnet.pipeline.prediction.request import PredictRequest
from seqnet.pipeline.prediction.results import PredictionTable, PredictResult
from seqnet.reporting import note, progress_bar


class _RowWriter:
    """Takes predictions in rows: writes them, or keeps them for the result where there is no output.

    Parameters
    ----------
    entries
        The header's, None to leave it out; made when the first rows come.
    """

    def __init__(
        self, output: str | None, tasks: tuple[str, ...], entries: Callable[[], dict[str, str] | None]
    ) -> None:
        self._output, self._tasks, self._entries = output, tasks, entries
        self._stream: BinaryIO | None = None
        self._stack = ExitStack()
        self._names: list[str] = []
        self._values: list[Singles] = []
        self.rows = 0

    def __enter__(self) -> _RowWriter:
        if self._output is not None:
            self._stream = self._stack.enter_context(open_output(self._output))
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.__exit__(*error)  # type: ignore[arg-type]

    def add(self, names: Iterable[str], values: Singles) -> None:
        """Write rows of names and values."""
        if self._stream is None:
            self._names += names
            self._values.append(values)
        else:
            if not self.rows:
                _write_columns(self._stream, self._tasks, self._entries())
            rows = zip(names, texts(values), strict=True)
            self._stream.writelines(to_bytes("\t".join([name, *row]) + "\n") for name, row in rows)
        self.rows += len(values)

    def add_regions(self, regions: Regions, values: Singles) -> None:
        """Write all rows as a labelled-regions table."""
        if self._stream is None:
            self.add(regions.names.tolist(), values)
            return
        table = regions.with_targets(self._tasks, values.astype(np.float64))
        write_regions(self._stream, table, self._entries(), texts(values))
        self.rows += len(values)

    def result(self, checker: PredictionChecker, regions: Regions | None = None) -> PredictResult:
        """Return the result of all rows."""
        checker.say()
        if self._output is not None:
            return PredictResult(self._tasks, self.rows, checker.gaps, outputs=(self._output,))
        values = np.concatenate(self._values)
        table = PredictionTable(np.array(self._names, dtype=object), self._tasks, values, regions)
        return PredictResult(self._tasks, self.rows, checker.gaps, predictions=table)


def predict_regions(
    predictor: ModelPredictor, model: Model, tracks: SignalSource, request: PredictRequest
) -> PredictResult:
    """Predict regions; writes the labelled-regions table with predictions as targets, or a TSV.

    Parameters
    ----------
    tracks
        In the model's order.
    """
    assert request.regions is not None
    checker = PredictionChecker(predictor.columns, request.missing)
    source = request.regions
    entries: dict[str, str] = {}

    def header() -> dict[str, str] | None:
        found = header_of(request, model)
        return found | entries if found else found

    with _RowWriter(request.output, predictor.columns, header) as writer:
        genome = load_model_genome(request.genome, request.chroms, model, request.tracks)
        if request.genome is not None:
            warn_other_bases(genome, model)
        regions = fit_to_genome(
            read_bed(source) if isinstance(source, str) else source, genome, request.on_bad
        )
        inputs = region_inputs(
            regions, genome, model, tracks, stranded=predictor.stranded, on_bad=request.on_bad
        )
        with progress_bar("windows", len(regions)) as progress:
            values = predicted(predictor, inputs, progress)
        values = checker.checked(values, regions.intervals.locus)
        entries = {key: regions.header[key] for key in ("genome",) if key in regions.header}
        entries |= header_entries(regions.header)
        if request.format == "tsv":
            writer.add(regions.names.tolist(), values)
        else:
            writer.add_regions(regions, values)
    return writer.result(checker, regions)


def predict_sequences(predictor: ModelPredictor, model: Model, request: PredictRequest) -> PredictResult:
    """Predict the sequences of a FASTA file as they come, or of a table; writes a TSV with names."""
    path = request.table or request.sequences or "-"
    checker, fitting = PredictionChecker(predictor.columns, request.missing), Fitting(model, path)
    if predictor.stranded:
        note(f"{path}: sequences are read forward; the model goes by the strand of regions")
    with (
        _RowWriter(request.output, predictor.columns, lambda: header_of(request, model)) as writer,
        progress_bar("windows") as progress,
    ):
        for records in sequence_batches(_sequences(request, path)):
            names = [record.name for record in records]
            values = predicted(predictor, fitting.fitted(records), progress)
            writer.add(names, checker.checked(values, names.__getitem__))
        if not writer.rows:
            raise no_sequences(path)
    fitting.say()
    return writer.result(checker)


def _sequences(request: PredictRequest, path: str) -> Iterable[EncodedSequence]:
    """Return the sequences of a FASTA file, or of a table."""
    if request.table is None:
        return read_sequences(path)
    columns = Columns(str(request.sequence_column), (), request.name_column)
    return read_sequence_table(path, columns).sequences


def predict_features(predictor: ModelPredictor, model: Model, request: PredictRequest) -> PredictResult:
    """Predict the rows of a k-mer table; writes a TSV with names."""
    assert request.features is not None
    checker = PredictionChecker(predictor.columns, request.missing)
    with (
        _RowWriter(request.output, predictor.columns, lambda: header_of(request, model)) as writer,
        progress_bar("rows") as progress,
    ):
        rows = table_inputs(request.features)
        values = predicted(predictor, rows, progress)
        writer.add(rows.table.names, checker.checked(values, rows.table.names.__getitem__))
    return writer.result(checker)


def _write_columns(stream: BinaryIO, tasks: tuple[str, ...], header: dict[str, str] | None) -> None:
    """Write the header of a table with names."""
    clashes = [task for task in tasks if task in NO_TASKS]
    if clashes:
        raise UsageError(
            f"task {clashes[0]!r} is named like a column of a table of names; use --regions and BED"
        )
    if header is not None:
        columns = "\t".join(["name", *tasks])
        stream.write(to_bytes(f"{header_lines(header)}#{columns}\n"))
