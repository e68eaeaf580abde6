"""Predictions of regions, sequences and k-mer tables: a row each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from seqnet.commands._console import note, progress_bar, warn
from seqnet.commands._prediction import (
    Checker,
    PredictOptions,
    Singles,
    format_of,
    header_of,
    load_checked_genome,
    required_width,
    texts,
)
from seqnet.errors import SeqnetError
from seqnet.formats._open import open_output, to_bytes
from seqnet.formats.header import header_lines

if TYPE_CHECKING:
    from seqnet.aliases import Progress
    from seqnet.commands._signals import SignalSource
    from seqnet.genome.regions import Regions
    from seqnet.genome.sequence import EncodedSequence, Genome
    from seqnet.networks.model import Model
    from seqnet.training.predictor import Predictor
    from seqnet.training.signals import SignalInputs

_BASES_AT_ONCE = 1 << 24
_SEQUENCES_AT_ONCE = 1 << 13
"""Sequences predicted at a time, a multiple of every batch."""


def predict_regions(predictor: Predictor, model: Model, options: PredictOptions) -> None:
    """Predict regions; writes the labelled-regions table with predictions as targets, or a TSV."""
    from seqnet.commands._load import load_regions
    from seqnet.formats.bed import write_regions

    assert options.regions is not None
    checker = Checker(predictor.tasks, options.missing)
    with open_output(options.output) as stream:
        genome = load_checked_genome(options, model)
        regions = load_regions(options.regions, genome, on_bad=options.on_bad)
        with progress_bar("windows", len(regions)) as progress:
            if options.signals:
                inputs = signal_windows(options.tracks(model), model, regions, genome, predictor.stranded)
                values = signal_values(predictor, inputs, regions, genome, progress)
            else:
                values = _region_values(predictor, regions, genome, options, progress)
        values = checker.checked(values, lambda row: regions.intervals.locus(row))
        header = header_of(options, model)
        if header is not None and "genome" in regions.header:
            header["genome"] = regions.header["genome"]
        if format_of(options.output) == "tsv":
            _write_named(stream, predictor.tasks, header)
            _write_rows(stream, regions.names, values)
        else:
            predicted = regions.with_targets(predictor.tasks, values.astype(np.float64))
            write_regions(stream, predicted, header, texts(values))
    checker.say()


def signal_windows(
    tracks: SignalSource, model: Model, regions: Regions, genome: Genome, stranded: bool
) -> SignalInputs:
    """Return regions of the model's width with their signal tracks, as its inputs.

    Parameters
    ----------
    tracks
        In the model's order.
    stranded
        Whether regions on the minus strand are read backwards.
    """
    from seqnet.commands._signals import model_specs, signals_for
    from seqnet.genome.layout import needed_stretches, pack_genome
    from seqnet.training.inputs import GenomeInputs
    from seqnet.training.signals import signal_inputs

    places = regions.intervals
    require_width(regions, model.input["width"])
    found = signals_for(tracks, model_specs(model), needed_stretches(places, genome.lengths))
    bases = model.input["type"] == "sequence"
    sequence = GenomeInputs(pack_genome(genome), places, stranded=stranded) if bases else None
    return signal_inputs(found.tracks, places, stranded=stranded, partners=found.partners, sequence=sequence)


def signal_values(
    predictor: Predictor, inputs: SignalInputs, regions: Regions, genome: Genome, progress: Progress
) -> Singles:
    """Predict regions by what `signal_windows` gives, float32 (n, T)."""
    if not predictor.takes_kmers:
        return predictor.from_inputs(inputs, progress)
    from seqnet.genome.extract import extract_windows
    from seqnet.training.signals import window_means

    codes = extract_windows(genome, regions.intervals, stranded=predictor.stranded)
    return predictor.from_codes(codes, progress, window_means(inputs))


def require_width(regions: Regions, known: int | None) -> None:
    """Raise unless all regions are of the model's width."""
    widths = regions.intervals.end - regions.intervals.start
    if known is None or (widths == known).all():
        return
    row = int(np.argmax(widths != known))
    raise SeqnetError(
        f"{regions.source}: regions are {widths[row]} bases wide, the model reads {known}"
        + ("" if (widths == widths[row]).all() else f" ({regions.intervals.locus(row)} first)")
    )


def _region_values(
    predictor: Predictor, regions: Regions, genome: Genome, options: PredictOptions, progress: Progress
) -> Singles:
    """Predict regions of the model's width; those cut to their contigs are padded."""
    from seqnet.genome.extract import extract_sequences, extract_windows

    widths = regions.intervals.end - regions.intervals.start
    known = predictor.width
    whole = known is None or bool((widths == known).all())
    if options.on_bad != "clip":
        require_width(regions, known)
    if known is not None and whole:
        codes = extract_windows(genome, regions.intervals, stranded=predictor.stranded)
        return predictor.from_codes(codes, progress)
    names = regions.names.tolist()
    records = extract_sequences(genome, regions.intervals, names, stranded=predictor.stranded)
    fitted = _Fitted(predictor, options.regions or "")
    values = fitted.values(records, progress)
    fitted.say()
    return values


class _Fitted:
    """Predicts sequences of any lengths: k-mer models count them whole, networks see their middle."""

    def __init__(self, predictor: Predictor, path: str) -> None:
        self._predictor = predictor
        self._path = path
        self._longer = self._shorter = 0

    def values(self, records: list[EncodedSequence], progress: Progress) -> Singles:
        """Predict some sequences, float32 (n, T)."""
        from seqnet.kmers.counting import count_kmers
        from seqnet.training.inputs import ragged_inputs

        settings = self._predictor.kmer_settings
        if settings is not None:
            table = count_kmers(records, settings, threads=self._predictor.threads)
            return self._predictor.from_table(table, progress)
        width = required_width(self._predictor)
        lengths = np.array([len(record.codes) for record in records])
        self._longer += int((lengths > width).sum())
        self._shorter += int((lengths < width).sum())
        inputs = ragged_inputs([record.codes for record in records], width)
        return self._predictor.from_inputs(inputs, progress)

    def say(self) -> None:
        """Say how many sequences were not of the model's width."""
        if self._longer or self._shorter:
            warn(
                f"{self._path}: the model reads {self._predictor.width} bases: {self._longer} longer "
                f"sequences cropped around their centre, {self._shorter} shorter ones padded"
            )


def predict_sequences(predictor: Predictor, model: Model, options: PredictOptions) -> None:
    """Predict the sequences of a FASTA file as they come; writes a TSV with names."""
    from seqnet.formats.fasta import read_sequences

    path = options.sequences or "-"
    checker, fitted = Checker(predictor.tasks, options.missing), _Fitted(predictor, path)
    done = 0
    if predictor.stranded:
        note(f"{path}: sequences are read forward; the model goes by the strand of regions")
    with open_output(options.output) as stream, progress_bar("windows") as progress:
        for records in _batches(read_sequences(path)):
            if not done:
                _write_named(stream, predictor.tasks, header_of(options, model))
            names = [record.name for record in records]
            values = checker.checked(fitted.values(records, progress), names.__getitem__)
            _write_rows(stream, names, values)
            done += len(records)
        if not done:
            raise SeqnetError(f"{path}: holds no sequences")
    fitted.say()
    checker.say()


def _batches(records: Iterable[EncodedSequence]) -> Iterator[list[EncodedSequence]]:
    """Gather sequences, a bounded number of them and of their bases."""
    held: list[EncodedSequence] = []
    bases = 0
    for record in records:
        held.append(record)
        bases += len(record.codes)
        if len(held) == _SEQUENCES_AT_ONCE or bases >= _BASES_AT_ONCE:
            yield held
            held, bases = [], 0
    if held:
        yield held


def predict_features(predictor: Predictor, model: Model, options: PredictOptions) -> None:
    """Predict the rows of a k-mer table; writes a TSV with names."""
    from seqnet.formats.kmer_table import read_kmer_table

    assert options.features is not None
    checker = Checker(predictor.tasks, options.missing)
    with open_output(options.output) as stream, progress_bar("rows") as progress:
        table = read_kmer_table(options.features)
        values = checker.checked(predictor.from_table(table, progress), table.names.__getitem__)
        _write_named(stream, predictor.tasks, header_of(options, model))
        _write_rows(stream, table.names, values)
    checker.say()


def _write_named(stream: BinaryIO, tasks: tuple[str, ...], header: dict[str, str] | None) -> None:
    """Write the header of a table with names."""
    if header is not None:
        columns = "\t".join(["name", *tasks])
        stream.write(to_bytes(f"{header_lines(header)}#{columns}\n"))


def _write_rows(stream: BinaryIO, names: Iterable[str], values: Singles) -> None:
    """Write the rows of a table with names."""
    rows = zip(names, texts(values), strict=True)
    stream.writelines(to_bytes("\t".join([name, *row]) + "\n") for name, row in rows)
