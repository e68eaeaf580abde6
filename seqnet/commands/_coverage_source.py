"""Where the reads and fragments that ``coverage`` counts come from."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from seqnet.errors import FormatError, UsageError

if TYPE_CHECKING:
    import io

    from seqnet.aliases import Bools
    from seqnet.formats.bam import BamFile
    from seqnet.genome.alignments import Alignments, ReadFilter, Spans
    from seqnet.genome.intervals import Intervals
    from seqnet.genome.regions import OnBad

Count: TypeAlias = Literal["cuts", "fragments", "reads"]
_SNIFFED = 1 << 16
NO_SHIFT = (0, 0)
_SHIFTS = "4,-5 or 4,-4 for ATAC-seq, 0,0 for DNase-seq or reads that were shifted before"


class Counting(NamedTuple):
    """What is counted, as the options say."""

    path: str
    genome: str | None
    mode: Count
    shift: tuple[int, int] | None
    extend: int | None
    filter: ReadFilter
    subsample: float | None
    seed: int
    on_bad: OnBad
    threads: int


@dataclass
class Tally:
    """How many there were of what."""

    rows: int = 0
    """Reads of a BAM file, or rows of BED."""
    passed: int = 0
    """Those that the filters and the sampling let through."""
    counted: int = 0
    """Cuts, fragments or reads."""
    bad: int = 0
    """Rows outside the genome, skipped or clipped as ``--on-bad`` says."""


class Source(NamedTuple):
    """An open input."""

    kind: Literal["alignments", "rows"]
    lengths: dict[str, int]
    wanted: list[str]
    """The contigs to count on."""
    is_sorted: bool
    spans: Iterator[Spans]
    """What to count, batch by batch; contigs are numbered as in `lengths`."""
    tally: Tally


@contextmanager
def open_source(asked: Counting, chroms: Sequence[str]) -> Iterator[Source]:
    """Open the input, of the kind that its first bytes say."""
    from seqnet.formats._open import open_raw
    from seqnet.formats.bam import looks_like_bam, open_bam

    with open_raw(asked.path) as stream:
        start = stream.peek(_SNIFFED)
        if not start:
            raise FormatError(asked.path, "is empty")
        if looks_like_bam(start):
            if asked.mode == "cuts" and asked.shift is None:
                raise UsageError(f"cuts of alignments need --shift: {_SHIFTS}")
            sampled = asked.subsample is not None
            with open_bam(
                stream, asked.path, reference=asked.genome, with_names=sampled, threads=asked.threads
            ) as bam:
                tally, wanted = Tally(), _chosen(bam.lengths, chroms, asked.path)
                spans = _of_bam(bam, asked, wanted, tally)
                yield Source("alignments", bam.lengths, wanted, bam.is_sorted, spans, tally)
        else:
            yield _rows_source(stream, asked, chroms)


def _chosen(lengths: Mapping[str, int], chroms: Sequence[str], path: str) -> list[str]:
    """Return the contigs to count on."""
    from seqnet.commands._load import expand_names
    from seqnet.genome.splits import match_names

    return match_names(expand_names(chroms), list(lengths), path) if chroms else list(lengths)


def _mask(lengths: Mapping[str, int], wanted: Sequence[str]) -> Bools:
    """Tell which contigs are wanted, none at the end: bool (n + 1,)."""
    import numpy as np

    names = set(wanted)
    return np.array([*(name in names for name in lengths), False])


def _of_bam(bam: BamFile, asked: Counting, wanted: Sequence[str], tally: Tally) -> Iterator[Spans]:
    """Yield what is counted of alignments."""
    mask = _mask(bam.lengths, wanted)
    for reads in bam.batches:
        kept = asked.filter.keep(reads) & mask[reads.contig]
        if asked.subsample is not None:
            kept &= _sampled(reads.names or (), asked.subsample, asked.seed)
        tally.rows += len(reads)
        tally.passed += int(kept.sum())
        yield _spans(reads, kept, asked)


def _spans(reads: Alignments, kept: Bools, asked: Counting) -> Spans:
    """Return what is counted of some alignments."""
    from seqnet.genome.alignments import cut_spans, fragment_spans, read_spans

    if asked.mode == "cuts":
        return cut_spans(reads, kept, asked.shift or NO_SHIFT)
    if asked.mode == "fragments":
        return fragment_spans(reads, kept, asked.extend)
    return read_spans(reads, kept, asked.extend)


def _sampled(names: Sequence[bytes], fraction: float, seed: int) -> Bools:
    """Choose reads by a hash of their names, so that both mates of a pair go together: bool (n,)."""
    import numpy as np

    key, limit = seed.to_bytes(8, "little"), int(fraction * 2**64)
    hashes = (hashlib.blake2b(name, digest_size=8, key=key).digest() for name in names)
    return np.fromiter((int.from_bytes(h, "little") < limit for h in hashes), dtype=bool, count=len(names))


def _rows_source(stream: io.BufferedReader, asked: Counting, chroms: Sequence[str]) -> Source:
    """Return the source that BED rows are."""
    from seqnet.formats._open import decompressed
    from seqnet.formats.contig_sizes import read_contig_sizes

    if asked.genome is None:
        raise UsageError("BED needs the contigs' lengths: --genome FASTA, .fai or chrom.sizes")
    lengths = read_contig_sizes(asked.genome)
    tally, wanted = Tally(), _chosen(lengths, chroms, asked.genome)
    spans = _of_rows(decompressed(stream, asked.path), asked, lengths, wanted, tally)
    return Source("rows", lengths, wanted, False, spans, tally)


def _of_rows(
    stream: io.BufferedReader, asked: Counting, lengths: dict[str, int], wanted: list[str], tally: Tally
) -> Iterator[Spans]:
    """Yield what is counted of BED rows."""
    import numpy as np

    from seqnet.formats.fragments import read_fragments
    from seqnet.genome.alignments import Spans, extended, five_prime_ends
    from seqnet.genome.intervals import with_contigs

    mask = _mask(lengths, wanted)
    generator = np.random.default_rng(asked.seed)
    for rows, lines in read_fragments(stream, asked.path):
        tally.rows += len(rows)
        kept = _fitting(rows, lines, asked, lengths, tally)
        if asked.subsample is not None:
            kept = kept.take(generator.random(len(kept)) < asked.subsample)
        numbered = with_contigs(kept, tuple(lengths))
        numbered = numbered.take(mask[numbered.contig])
        tally.passed += len(numbered)
        if asked.mode == "cuts":
            yield five_prime_ends(numbered, asked.shift or NO_SHIFT)
        else:
            spans = numbered if asked.extend is None else extended(numbered, asked.extend)
            yield Spans(spans, len(spans))


def _fitting(
    rows: Intervals, lines: list[int], asked: Counting, lengths: dict[str, int], tally: Tally
) -> Intervals:
    """Return the rows that lie on the contigs, others treated as ``--on-bad`` says."""
    import numpy as np

    from seqnet.genome.alignments import inside_contigs
    from seqnet.genome.intervals import inside

    bad = np.flatnonzero(~inside(rows, lengths))
    if not len(bad):
        return rows
    if asked.on_bad == "error":
        row = int(bad[0])
        name = rows.contigs[rows.contig[row]]
        raise FormatError(asked.path, _misfit(rows.locus(row), lengths.get(name), asked, lengths), lines[row])
    tally.bad += len(bad)
    if asked.on_bad == "skip":
        return rows.take(inside(rows, lengths))
    return inside_contigs(rows, [lengths.get(name, -1) for name in rows.contigs])[0]


def _misfit(locus: str, length: int | None, asked: Counting, lengths: dict[str, int]) -> str:
    """Say how a row does not fit the contigs."""
    if length is not None:
        return f"{locus} ends past its contig, which has {length} bases in {asked.genome}"
    shown = ", ".join(list(lengths)[:3])
    return f"{locus} lies on no contig of {asked.genome}, which has {shown}{', ...' * (len(lengths) > 3)}"
