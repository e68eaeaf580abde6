"""What a model reads, made of regions, sequences, k-mer tables and tracks; checked, cropped and padded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from seqnet.aliases import Codes, Ints
from seqnet.errors import SeqnetError, UsageError
from seqnet.formats.kmers.kmer_table import read_kmer_table
from seqnet.genome.extract import extract_sequences, extract_windows
from seqnet.genome.intervals import Intervals
from seqnet.genome.regions import OnBad, Regions
from seqnet.genome.sequence import EncodedSequence, Genome
from seqnet.genome.signals.layout import needed_stretches, pack_genome
from seqnet.genome.splitting.splits import match_names
from seqnet.kmers.table import KmerTable
from seqnet.model_inputs.track_means import track_means
from seqnet.networks.model import FEATURE_TYPES, Model
from seqnet.pipeline.inputs.genome import expand_names, load_genome, say_unstranded
from seqnet.pipeline.inputs.request import SignalSource
from seqnet.pipeline.inputs.signals import Signals, blank_genome, model_specs, signals_for
from seqnet.reporting import warn

if TYPE_CHECKING:
    from seqnet.model_inputs.signals import SignalInputs

_BASES_AT_ONCE = 1 << 24
_SEQUENCES_AT_ONCE = 1 << 13
"""Sequences read at a time, a multiple of every batch."""


@dataclass(frozen=True, eq=False)
class WindowCodes:
    """Sequences of the model's width, uint8 (n, width)."""

    codes: Codes


@dataclass(frozen=True, eq=False)
class AnyLengths:
    """Sequences of any lengths.

    Parameters
    ----------
    width
        Networks read so many bases around the centre; None for models that count k-mers.
    """

    records: Sequence[EncodedSequence]
    width: int | None


@dataclass(frozen=True, eq=False)
class TrackWindows:
    """Windows of the model's width with their signal tracks.

    Parameters
    ----------
    signals
        In the model's order, normalised as the model's.
    genome
        The sequence, where the model reads it.
    """

    signals: Signals
    places: Intervals
    genome: Genome
    model: Model
    stranded: bool

    @cached_property
    def for_network(self) -> SignalInputs:
        """What a network reads: the tracks, behind the sequence where it reads that."""
        from seqnet.model_inputs.inputs import GenomeInputs  # loads torch, which linear models do without
        from seqnet.model_inputs.signals import signal_inputs

        sequence = None
        if self.model.input["type"] == "sequence":
            sequence = GenomeInputs(pack_genome(self.genome), self.places, stranded=self.stranded)
        return signal_inputs(
            self.signals.tracks, self.places, stranded=self.stranded, partners=self.signals.partners,
            sequence=sequence,
        )  # fmt: skip

    def codes(self) -> Codes:
        """Return the sequences of the windows, uint8 (n, width)."""
        return extract_windows(self.genome, self.places, stranded=self.stranded)

    def means(self) -> NDArray[np.float32]:
        """Return the mean of each track over each window, float32 (n, S)."""
        return track_means(self.signals.tracks, self.places, self.signals.partners, stranded=self.stranded)


@dataclass(frozen=True, eq=False)
class TableRows:
    """Rows of a k-mer table."""

    table: KmerTable

    def take(self, rows: Ints) -> TableRows:
        """Select rows."""
        names = [self.table.names[row] for row in rows]
        return TableRows(replace(self.table, names=names, matrix=self.table.matrix[rows]))


ModelInputs: TypeAlias = WindowCodes | AnyLengths | TrackWindows | TableRows


def load_model_genome(path: str | None, chroms: Sequence[str], model: Model, tracks: SignalSource) -> Genome:
    """Read the genome that a model reads; the contigs of its tracks where it does without a sequence.

    Raises
    ------
    UsageError
        If there are tracks alone and the model reads the sequence too.
    """
    if path is not None or not tracks.signals:
        return load_genome(path, chroms)
    if model.input["type"] != "signals":
        raise UsageError("the model reads the sequence too: give --genome")
    genome = blank_genome(tracks.signals[0].path)
    if not chroms:
        return genome
    return genome.restrict(match_names(expand_names(chroms), list(genome.codes), genome.source))


def warn_other_bases(genome: Genome, model: Model) -> None:
    """Warn about contigs whose bases differ from those that the model was trained on."""
    trained = model.header.get("genome") or {}
    digests = genome.restrict(trained).digests()
    changed = [name for name, digest in digests.items() if trained[name] != digest]
    if changed:
        others = len(changed) - 1
        more = f" (nor {'is 1 other contig' if others == 1 else f'are {others} others'})" if others else ""
        warn(f"{genome.source}: {changed[0]} is not the sequence the model was trained on{more}")


def required_width(model: Model) -> int:
    """Return the model's input width in bases.

    Raises
    ------
    SeqnetError
        If it has none.
    """
    width: int | None = model.input["width"]
    if width is None:
        raise SeqnetError("the model does not store the width of its input")
    return width


def require_width(regions: Regions, width: int | None) -> None:
    """Raise unless all regions are of the model's width."""
    widths = regions.intervals.end - regions.intervals.start
    if width is None or (widths == width).all():
        return
    row = int(np.argmax(widths != width))
    raise SeqnetError(
        f"{regions.source}: regions are {widths[row]} bases wide, the model reads {width}"
        + ("" if (widths == widths[row]).all() else f" ({regions.intervals.locus(row)} first)")
    )


class Fitting:
    """Brings sequences of any lengths to a model, and counts those that are not of its width.

    Parameters
    ----------
    source
        Where they are from, for messages.
    """

    def __init__(self, model: Model, source: str) -> None:
        self._width = None if model.input["type"] in FEATURE_TYPES else required_width(model)
        self._source = source
        self._longer = self._shorter = 0

    def fitted(self, records: Sequence[EncodedSequence]) -> AnyLengths:
        """Return sequences as inputs."""
        if self._width is not None:
            lengths = np.array([len(record.codes) for record in records])
            self._longer += int((lengths > self._width).sum())
            self._shorter += int((lengths < self._width).sum())
        return AnyLengths(records, self._width)

    def say(self) -> None:
        """Warn about sequences that were not of the model's width."""
        if self._longer or self._shorter:
            warn(
                f"{self._source}: the model reads {self._width} bases: {self._longer} longer "
                f"sequences cropped around their centre, {self._shorter} shorter ones padded"
            )


def region_inputs(
    regions: Regions,
    genome: Genome,
    model: Model,
    tracks: SignalSource,
    *,
    stranded: bool,
    on_bad: OnBad = "error",
) -> WindowCodes | AnyLengths | TrackWindows:
    """Return regions as a model reads them.

    Parameters
    ----------
    regions
        Inside the genome.
    tracks
        In the model's order.
    stranded
        Whether regions on the minus strand are read from it.
    on_bad
        With ``clip``, regions that were cut to their contigs are padded.

    Raises
    ------
    SeqnetError
        If regions are not of the model's width.
    """
    if stranded:
        say_unstranded(regions)
    width: int | None = model.input["width"]
    if tracks.signals:
        require_width(regions, width)
        layout = needed_stretches(regions.intervals, genome.lengths)
        signals = signals_for(tracks, model_specs(model), layout)
        return TrackWindows(signals, regions.intervals, genome, model, stranded)
    if on_bad != "clip":
        require_width(regions, width)
    widths = regions.intervals.end - regions.intervals.start
    if width is not None and (widths == width).all():
        return WindowCodes(extract_windows(genome, regions.intervals, stranded=stranded))
    names = regions.names.tolist()
    records = extract_sequences(genome, regions.intervals, names, stranded=stranded)
    fitting = Fitting(model, regions.source)
    inputs = fitting.fitted(records)
    fitting.say()
    return inputs


def table_inputs(features: str | KmerTable) -> TableRows:
    """Return the rows of a k-mer table, read from its file where it is a path."""
    return TableRows(read_kmer_table(features) if isinstance(features, str) else features)


def sequence_batches(records: Iterable[EncodedSequence]) -> Iterator[list[EncodedSequence]]:
    """Gather sequences, a bounded number of them and of their bases."""
    batch: list[EncodedSequence] = []
    bases = 0
    for record in records:
        batch.append(record)
        bases += len(record.codes)
        if len(batch) == _SEQUENCES_AT_ONCE or bases >= _BASES_AT_ONCE:
            yield batch
            batch, bases = [], 0
    if batch:
        yield batch
