"""Reading what several commands read: genomes, sequences and regions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from seqnet.datasets.checks import counted
from seqnet.errors import SeqnetError, UsageError
from seqnet.formats.regions.contig_sizes import read_names
from seqnet.formats.sequences.fasta import read_genome, read_sequences
from seqnet.genome.contig_names import require_one_style
from seqnet.genome.regions import Center, OnBad, Regions, count_repeats, fit_regions, windows
from seqnet.genome.sequence import (
    Bases,
    EncodedSequence,
    Genome,
    SequenceBlock,
    SequenceRun,
    no_sequences,
    split_soft_mask,
)
from seqnet.genome.splitting.splits import match_names
from seqnet.reporting import note, warn

if TYPE_CHECKING:
    from seqnet.aliases import Bools, Progress
    from seqnet.genome.alphabet import SoftMask
    from seqnet.genome.signals.tracks import TrackContigs

Stretch = TypeVar("Stretch", bound=SequenceBlock | SequenceRun)


def expand_names(values: Sequence[str]) -> list[str]:
    """Turn option values into names: comma lists, wildcards as they are, files of names."""
    names: list[str] = []
    for value in values:
        if Path(value).is_file() or Path(value).is_fifo():
            names += read_names(value)
        else:
            names += [name for name in value.split(",") if name]
    return names


def watched(blocks: Iterable[Stretch], progress: Progress) -> Iterator[Stretch]:
    """Pass blocks, or runs of records, on and count their bases."""
    for block in blocks:
        yield block
        progress(len(block.codes))


def load_genome(path: str | None, chroms: Sequence[str] = (), soft_mask: SoftMask = "ignore") -> Genome:
    """Read a genome, restricted to the requested contigs."""
    if path is None:
        raise UsageError("--genome is needed here")
    genome = read_genome(path, soft_mask=soft_mask)
    if chroms:
        genome = genome.restrict(match_names(expand_names(chroms), list(genome.codes), path))
    return genome


def load_masked_genome(
    path: str | None, chroms: Sequence[str] = ()
) -> tuple[Genome, dict[str, Bools] | None]:
    """Read a genome and which of its bases are lower case (None where none is)."""
    return split_soft_mask(load_genome(path, chroms, "flag"))


def read_records(path: str, soft_mask: SoftMask = "ignore") -> list[EncodedSequence]:
    """Read FASTA whole.

    Raises
    ------
    SeqnetError
        If it holds no sequences, or two of one name.
    """
    records = list(read_sequences(path, soft_mask=soft_mask))
    if not records:
        raise no_sequences(path)
    return records


def fit_to_genome(regions: Regions, genome: Bases | TrackContigs, on_bad: OnBad = "error") -> Regions:
    """Make sure that regions lie inside a genome, and report what was mended."""
    if not len(regions):
        raise SeqnetError(f"{regions.source}: holds no regions")
    fitted = fit_regions(regions, genome.lengths, genome.source, on_bad)
    if fitted.skipped:
        note(f"{regions.source}: {fitted.skipped} regions outside {genome.source} skipped")
    if fitted.clipped:
        note(f"{regions.source}: {fitted.clipped} regions clipped to their contigs")
    return fitted.regions


def say_centers(regions: Regions, center: Center) -> None:
    """Say, in one line for a file, where the centres of its regions are and whether rows repeat."""
    n, with_summit = len(regions), int((regions.summits >= 0).sum())
    repeats = count_repeats(regions)
    if center == "midpoint" or not with_summit:
        where = "centred on midpoints"
        reason = f"; {with_summit} summits are not used" if with_summit else "; none has a summit"
    elif with_summit == n:
        where, reason = "centred on summits", ""
    else:
        where, reason = f"{with_summit} centred on summits", f", {n - with_summit} without one on midpoints"
    again = f"; {repeats} repeat an earlier place" if repeats else "; no place repeats"
    note(f"{regions.source}: {counted(n)}, {where}{reason}{again}")


def say_unstranded(regions: Regions) -> None:
    """Warn about regions without a strand, where it decides how they are read.

    Negatives that seqnet drew have none, and either strand serves them.
    """
    drawn = ("neg_gc:", "neg_shuf:")
    unknown = sum(
        not regions.names[row].startswith(drawn) for row in (regions.intervals.strand == 0).nonzero()[0]
    )
    if unknown:
        warn(f"{regions.source}: {unknown} of {len(regions)} regions without a strand are read forward")


def note_skipped(windows: int, width: int, source: str | None = None) -> None:
    """Note how many windows of regions pass their contig's end, if any."""
    if windows:
        place = "" if source is None else f"{source}: "
        note(f"{place}{windows} windows of {width} bases pass a contig's end and were skipped")


def windows_inside(regions: Regions, width: int, center: Center, genome: Bases | TrackContigs) -> Regions:
    """Return windows of one width around the centres of regions; those that pass a contig's end are skipped.

    Raises
    ------
    SeqnetError
        If none is left.
    """
    cut, skipped = windows(regions, width, center, genome.lengths)
    note_skipped(skipped, width, regions.source)
    if not len(cut):
        raise SeqnetError(f"{regions.source}: no window of {width} bases lies inside {genome.source}")
    return cut


def cut_regions(
    regions: Regions, genome: Genome, on_bad: OnBad, *, restricted: bool, width: int | None, center: Center
) -> Regions:
    """Fit regions to a genome and, on request, to windows of one width; report what was left out.

    Parameters
    ----------
    restricted
        Whether the genome is restricted (``--chroms``), so that rows on other contigs do not matter.
    width
        Bases of the windows around each region's centre; None leaves regions as they are.
    center
        What the centre is.
    """
    if restricted:
        require_one_style(regions.source, regions.intervals.contigs, genome.source, genome.codes)
        chosen = regions.intervals.contig_index_in(list(genome.codes)) >= 0
        if not chosen.all():
            left = int((~chosen).sum())
            note(f"{regions.source}: {left} rows lie on other contigs than --chroms and are left out")
        regions = regions.take(chosen)
    regions = fit_to_genome(regions, genome, on_bad)
    if width is None:
        return regions
    say_centers(regions, center)
    return windows_inside(regions, width, center, genome)
