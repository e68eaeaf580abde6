"""Encoded sequences: blocks of a stream, whole records, and a genome of them."""

from __future__ import annotations

import bisect
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import NamedTuple, TypeAlias

import numpy as np

from seqnet.aliases import Bools, Codes, Ints
from seqnet.errors import SeqnetError
from seqnet.genome.alphabet import LOWER, decode
from seqnet.genome.intervals import batches

_BATCH = 1 << 20
"""Bases of whole contigs that are looked at together; a contig may have more."""


class SequenceBlock(NamedTuple):
    """A stretch of one record of a stream."""

    name: str
    """Record name: the first word of the FASTA header."""
    offset: int
    """0-based position of the block's first base in the record."""
    codes: Codes
    """uint8 (length,)."""
    last: bool
    """Whether the record ends with this block."""


class SequenceRun(NamedTuple):
    """Consecutive records of a stream, many at a time; of the first and the last maybe a stretch."""

    names: list[str]
    """Of one record at least."""
    offset: int
    """0-based position of the first code in its record."""
    codes: Codes
    """uint8 (length,): the codes of the records, one behind the other."""
    ends: Ints
    """int64 (records,): where the codes of each one end."""
    last: bool
    """Whether the last record ends with this run."""

    def blocks(self) -> Iterator[SequenceBlock]:
        """Part the run into the blocks of its records."""
        begin, offset, final = 0, self.offset, len(self.names) - 1
        for number, (name, end) in enumerate(zip(self.names, self.ends.tolist(), strict=True)):
            yield SequenceBlock(name, offset, self.codes[begin:end], self.last or number < final)
            begin, offset = end, 0


class EncodedSequence(NamedTuple):
    """A whole record: its name and codes, uint8 (length,)."""

    name: str
    codes: Codes


def join_runs(runs: Iterable[SequenceRun]) -> Iterator[EncodedSequence]:
    """Put the runs of a stream together into whole records, in order; as `join_blocks`, but faster."""
    for whole, some in groupby(runs, lambda run: run.last and not run.offset):
        if not whole:
            yield from join_blocks(block for run in some for block in run.blocks())
            continue
        for names, _, codes, ends, _ in some:
            stops = ends.tolist()
            parts = [codes[begin:end] for begin, end in zip([0, *stops[:-1]], stops, strict=True)]
            yield from map(EncodedSequence, names, parts)


def join_blocks(blocks: Iterable[SequenceBlock]) -> Iterator[EncodedSequence]:
    """Put the blocks of a stream together into whole records, in order."""
    whole, filled = np.empty(0, dtype=np.uint8), 0
    for block in blocks:
        if block.last and not filled:
            yield EncodedSequence(block.name, block.codes)
            continue
        needed = filled + len(block.codes)
        if needed > len(whole):
            # twice what is needed: memory that is not written to costs nothing
            whole = _with_room(whole[:filled], needed if block.last else 2 * needed)
        whole[filled:needed] = block.codes
        filled = needed
        if block.last:
            yield EncodedSequence(block.name, whole[:filled])
            whole, filled = np.empty(0, dtype=np.uint8), 0


def _with_room(codes: Codes, room: int) -> Codes:
    """Return an array of `room` codes that begins with those given; the rest is undefined."""
    larger = np.empty(room, dtype=np.uint8)
    larger[: len(codes)] = codes
    return larger


def overlap_blocks(blocks: Iterable[SequenceBlock], overlap: int) -> Iterator[SequenceBlock]:
    """Let every block of a record begin with the last `overlap` bases of the one before.

    Every block but a record's last is longer than `overlap`, so each window of ``overlap + 1``
    bases starts in exactly one block less its last `overlap` bases.
    """
    tail = np.empty(0, dtype=np.uint8)
    for block in blocks:
        codes = np.concatenate([tail, block.codes]) if len(tail) else block.codes
        offset = block.offset - len(tail)
        if block.last or len(codes) > overlap:
            yield SequenceBlock(block.name, offset, codes, block.last)
        tail = codes[:0] if block.last else codes[max(0, len(codes) - overlap) :]


@dataclass(frozen=True)
class Genome:
    """Contigs held in memory at one byte per base, in file order.

    Parameters
    ----------
    codes
        Contig name to uint8 (length,).
    source
        The file it was read from, for messages.
    """

    codes: dict[str, Codes]
    source: str = "the genome"

    @cached_property
    def lengths(self) -> dict[str, int]:
        """Contig name to length in bases; made once, as many a caller asks for it contig by contig."""
        return {name: len(codes) for name, codes in self.codes.items()}

    def stretch(self, name: str, start: int, end: int) -> Codes:
        """Return the codes of a contig from `start` to before `end`, uint8 (end - start,)."""
        return self.codes[name][start:end]

    def restrict(self, names: Iterable[str]) -> Genome:
        """Keep the named contigs, in file order."""
        wanted = set(names)
        return Genome({k: v for k, v in self.codes.items() if k in wanted}, self.source)

    def digests(self) -> dict[str, str]:
        """MD5 of each contig's upper-case letters, ambiguous ones as N (SAM's M5 for such a contig)."""
        return {
            name: hashlib.md5(decode(codes).encode(), usedforsecurity=False).hexdigest()
            for name, codes in self.codes.items()
        }


@dataclass(frozen=True)
class PartialGenome:
    """The lengths of a genome's contigs, and the codes of stretches of them.

    Parameters
    ----------
    lengths
        Contig name to length in bases, in file order.
    stretches
        Contig name to the start and the codes, uint8 (length,), of each stretch, sorted; they do not
        overlap.
    source
        The file it was read from, for messages.
    """

    lengths: dict[str, int]
    stretches: dict[str, list[tuple[int, Codes]]]
    source: str = "the genome"

    def stretch(self, name: str, start: int, end: int) -> Codes:
        """Return the codes of a contig from `start` to before `end`, uint8 (end - start,).

        Raises
        ------
        IndexError
            If they are not all in one of the stretches.
        """
        known = self.stretches.get(name, [])
        number = bisect.bisect_right(known, start, key=lambda row: row[0]) - 1
        if number >= 0:
            begin, codes = known[number]
            if start <= end <= begin + len(codes):
                return codes[start - begin : end - begin]
        raise IndexError(f"{name}:{start}-{end} was not read")


Bases: TypeAlias = Genome | PartialGenome
"""What regions are cut from."""


def no_sequences(source: str) -> SeqnetError:
    """Return the error of an input without sequences."""
    return SeqnetError(f"{source}: holds no sequences")


def centred_start(sizes: Ints, width: int) -> Ints:
    """Return where rows of `width` bases start in sequences of the same centre, int64 (n,).

    It is positive where a sequence is cropped and negative where it is padded. Where that is uneven the odd
    base is cropped or padded on the right.

    Parameters
    ----------
    sizes
        int64 (n,): bases of each sequence.
    """
    spare = sizes - width
    return np.where(spare >= 0, spare // 2, -(-spare // 2))


def genome_from(sequences: Iterable[EncodedSequence], source: str) -> Genome:
    """Collect whole records into a genome.

    Raises
    ------
    SeqnetError
        If there are none, or two share a name.
    """
    codes: dict[str, Codes] = {}
    for name, sequence in sequences:
        if name in codes:
            raise SeqnetError(f"{source}: two sequences are named {name!r}; names must be unique")
        codes[name] = sequence
    if not codes:
        raise SeqnetError(f"{source}: holds no sequences; expected a FASTA file with '>' headers")
    return Genome(codes, source)


def split_soft_mask(genome: Genome) -> tuple[Genome, dict[str, Bools] | None]:
    """Part a genome read with lower case flagged into plain codes and the soft-masked bases.

    Returns
    -------
    genome, lower
        The genome, and contig name to bool (length,): which bases are lower case; None where none is.
    """
    plain: dict[str, Codes] = {}
    lower: dict[str, Bools] = {}
    masked = False
    names, lengths = list(genome.codes), np.array(list(genome.lengths.values()), dtype=np.int64)
    for begin, end in batches(lengths, _BATCH):  # short contigs together
        some = names[begin:end]
        codes = np.concatenate([genome.codes[name] for name in some])
        bare, soft = codes & np.uint8(LOWER - 1), codes >= LOWER
        masked = masked or bool(soft.any())
        ends = np.cumsum(lengths[begin:end]).tolist()
        spans = list(map(slice, [0, *ends[:-1]], ends))
        plain.update(zip(some, map(bare.__getitem__, spans), strict=True))
        lower.update(zip(some, map(soft.__getitem__, spans), strict=True))
    return Genome(plain, genome.source), lower if masked else None
