"""``seqnet coverage``: cuts, fragments or reads of a BAM, CRAM or BED file as a signal track."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import click

from seqnet.commands._command import Command
from seqnet.commands._console import note, progress_bar
from seqnet.commands._coverage_output import STRAND, Normalize, Outputs, PileUp, Shape, Spool, Strand
from seqnet.commands._coverage_source import NO_SHIFT, Count, Counting, open_source
from seqnet.commands._options import (
    chroms_option,
    combine,
    common_options,
    header_option,
    on_bad_option,
    output_option,
    seed_option,
    threads_option,
)
from seqnet.errors import SeqnetError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from seqnet.commands._coverage_output import Piled, Track
    from seqnet.commands._coverage_source import Source
    from seqnet.genome.regions import OnBad


def _shift(_ctx: click.Context, _param: click.Parameter, value: str | None) -> tuple[int, int] | None:
    """Read two whole numbers."""
    if value is None:
        return None
    try:
        forward, reverse = map(int, value.split(","))
    except ValueError:
        raise click.BadParameter(f"{value!r} is not two whole numbers such as 4,-5") from None
    return forward, reverse


_counting_options = combine(
    click.option(
        "--count", type=click.Choice(["cuts", "fragments", "reads"]), required=True,
        help="The base at each read's 5' end; each proper pair from end to end; or each read's matched "
        "bases (CIGAR M, = and X; deletions and introns are not covered).",
    ),
    click.option(
        "--shift", metavar="FWD,REV", callback=_shift,
        help="Move cuts of the forward and of the reverse strand so many bases to the right: 4,-5 or 4,-4 "
        "for ATAC-seq. Must be given for cuts of BAM; 0,0 by default for BED.",
    ),
    click.option(
        "--extend", type=click.IntRange(1), metavar="N",
        help="Count N bases from each read's 5' end on; for fragments, of unpaired reads.",
    ),
    click.option(
        "--min-mapq", type=click.IntRange(0, 255), default=30, show_default=True,
        help="Leave out alignments of lower mapping quality.",
    ),
    click.option(
        "--exclude-flags", type=click.IntRange(0, 65535), default=1804, show_default=True,
        help="Leave out alignments with any of these SAM flags: by default reads that are unmapped or whose "
        "mate is, secondary, failed, or duplicates.",
    ),
    click.option(
        "--include-flags", type=click.IntRange(0, 65535), default=0, show_default=True,
        help="Leave out alignments without all of these SAM flags.",
    ),
    click.option(
        "--subsample", type=click.FloatRange(0, 1, min_open=True), metavar="FRACTION",
        help="Count this share of the reads, mates together; of BED, of the rows.",
    ),
)  # fmt: skip
_shape_options = combine(
    click.option(
        "--normalize", type=click.Choice(["none", "cpm", "1x"]), default="none", show_default=True,
        help="Counts as they are, per million counted, or so that the mean over the genome is 1.",
    ),
    click.option(
        "--effective-size", type=click.IntRange(1), metavar="BASES",
        help="Size of the genome for 1x; the sum of the contigs' lengths by default.",
    ),
    click.option(
        "--strand", type=click.Choice(["both", "+", "-"]), default="both", show_default=True,
        help=f"Count one strand. With '{STRAND}' in the output's name, each goes to its own file.",
    ),
    click.option(
        "--bin", "width", type=click.IntRange(1), default=1, show_default=True, metavar="BASES",
        help="Bases of a value: the number of cuts, or the mean depth, of so many bases.",
    ),
    click.option("--skip-zeros", is_flag=True, help="Leave out what nothing covers."),
    click.option("--tmpdir", metavar="DIR", help="Where depths wait until the factor is known."),
)  # fmt: skip


class _Asked(NamedTuple):
    """What the whole command was asked for."""

    counting: Counting
    shape: Shape
    tracks: list[Track]
    chroms: tuple[str, ...]
    tmpdir: str | None
    with_header: bool


@click.command(
    "coverage",
    cls=Command,
    short_help="Make a signal track from aligned reads.",
    example="seqnet coverage atac.bam --count cuts --shift 4,-4 --normalize cpm -o atac.bw\n"
    "seqnet coverage fragments.bed.gz --genome genome.fa --count fragments | head",
)
@click.argument("reads", default="-")
@click.option(
    "--genome", metavar="FILE",
    help="FASTA, which CRAM needs; BED takes the contigs' lengths from it, or from a .fai or chrom.sizes.",
)  # fmt: skip
@_counting_options
@_shape_options
@chroms_option
@on_bad_option
@seed_option
@threads_option(1)
@output_option("Output: bigWig by its suffix, bedGraph otherwise; the suffix picks compression.")
@header_option
@common_options
def command(
    reads: str,
    genome: str | None,
    count: Count,
    shift: tuple[int, int] | None,
    extend: int | None,
    min_mapq: int,
    exclude_flags: int,
    include_flags: int,
    subsample: float | None,
    normalize: Normalize,
    effective_size: int | None,
    strand: Strand,
    width: int,
    skip_zeros: bool,
    tmpdir: str | None,
    chroms: tuple[str, ...],
    on_bad: OnBad,
    seed: int,
    threads: int,
    output: str,
    with_header: bool,
) -> None:
    """Make a signal track from aligned reads.

    READS are BAM, CRAM, or BED or BEDPE of reads or fragments; '-' or nothing is stdin. BAM sorted by
    place is counted contig by contig; anything else needs four bytes of memory for each base of the
    genome. No index is used. A row of BED without a strand has cuts at both ends.
    """
    from seqnet.commands._coverage_output import tracks_of
    from seqnet.genome.alignments import ReadFilter

    if count != "cuts" and shift is not None:
        raise UsageError("--shift moves cuts; it has no meaning for --count " + count)
    if count == "cuts" and extend is not None:
        raise UsageError("--extend is for reads and fragments, not for cuts")
    if effective_size is not None and normalize != "1x":
        raise UsageError("--effective-size is for --normalize 1x")
    kept = ReadFilter(min_mapq, exclude_flags, include_flags)
    counting = Counting(reads, genome, count, shift, extend, kept, subsample, seed, on_bad, threads)
    shape = Shape(width, count != "cuts", normalize, effective_size, not skip_zeros)
    asked = _Asked(counting, shape, tracks_of(output, strand), chroms, tmpdir, with_header)
    with open_source(counting, chroms) as source:
        _write(source, asked)


def _write(source: Source, asked: _Asked) -> None:
    """Count, scale and write."""
    from seqnet.formats._open import temporary_rows

    path, names = asked.counting.path, list(source.lengths)
    if asked.counting.mode == "cuts" and asked.counting.shift is None:
        note(f"{path}: cuts are not shifted (--shift 0,0)")
    lengths = {name: source.lengths[name] for name in source.wanted}
    piles = PileUp(source, path, asked.tracks, asked.shape)
    shape = asked.shape
    with progress_bar(asked.counting.mode) as progress:
        piled = piles.piled(progress)
        if shape.normalize == "none":
            _put(piled, names, 1.0, lengths, source, asked)
        else:
            with temporary_rows(asked.tmpdir) as stream:
                spool = Spool(stream)
                for each in piled:
                    spool.keep(each)
                factor = _factor(source, piles, sum(lengths.values()), asked)
                _put(spool.piled(), names, factor, lengths, source, asked)
    _report(source, piles, asked)


def _put(
    piled: Iterable[Piled], names: list[str], factor: float, lengths: dict[str, int], source: Source,
    asked: _Asked,
) -> None:  # fmt: skip
    """Write depths to the outputs."""
    head = _head(source, factor, asked) if asked.with_header else b""
    with Outputs(asked.tracks, lengths, head, asked.shape.with_zeros) as outputs:
        for each in piled:
            outputs.write(each.track, names[each.contig], each.runs, factor)
        if not source.tally.counted:
            raise _nothing(source, asked)


def _factor(source: Source, piles: PileUp, size: int, asked: _Asked) -> float:
    """Return what every value is multiplied by; `size` is the bases of all contigs."""
    if not piles.total:
        raise _nothing(source, asked)
    if asked.shape.normalize == "cpm":
        return 1e6 / source.tally.counted
    return (asked.shape.effective_size or size) / piles.total


def _nothing(source: Source, asked: _Asked) -> SeqnetError:
    """Return the error of an input in which nothing is to be counted."""
    tally, counting = source.tally, asked.counting
    found = f"{tally.passed} of {tally.rows} reads pass the filters"
    hint = "; reads without a mate are fragments with --extend N" if counting.mode == "fragments" else ""
    return SeqnetError(f"{counting.path}: no {counting.mode} to count: {found}{hint}")


def _head(source: Source, factor: float, asked: _Asked) -> bytes:
    """Return the provenance of a bedGraph."""
    from seqnet.formats._open import to_bytes
    from seqnet.formats.header import base_name, header_lines, provenance

    counting, shape = asked.counting, asked.shape
    kept = counting.filter
    filters = {
        "min_mapq": kept.least_quality, "exclude_flags": kept.excluded, "include_flags": kept.included,
    }  # fmt: skip
    entries = {
        "input": base_name(counting.path),
        "count": counting.mode,
        "shift": "{},{}".format(*(counting.shift or NO_SHIFT)) if counting.mode == "cuts" else None,
        "extend": counting.extend,
        **(filters if source.kind == "alignments" else {}),
        "subsample": counting.subsample,
        "seed": None if counting.subsample is None else counting.seed,
        "bin": shape.bin,
        "normalize": shape.normalize,
        "effective_size": shape.effective_size,
        "factor": None if shape.normalize == "none" else repr(factor),
        "contigs": ",".join(source.wanted) if asked.chroms else None,
    }
    return to_bytes(header_lines(provenance("coverage", entries)))


def _report(source: Source, piles: PileUp, asked: _Asked) -> None:
    """Say what was counted and what was not."""
    tally, path = source.tally, asked.counting.path
    what = "reads" if source.kind == "alignments" else "rows"
    note(f"{path}: {tally.counted} {asked.counting.mode} of {tally.passed} {what}, of {tally.rows} in all")
    if tally.bad:
        note(f"{path}: {tally.bad} rows outside {asked.counting.genome}: {asked.counting.on_bad}")
    if piles.outside or piles.cut:
        ends = f"{piles.outside} outside their contigs left out, {piles.cut} cut at an end of theirs"
        note(f"{path}: {asked.counting.mode}: {ends}")
