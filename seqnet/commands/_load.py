"""Reading what several commands read: genomes, regions, splits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from seqnet.commands._console import note
from seqnet.errors import SeqnetError, UsageError

if TYPE_CHECKING:
    from seqnet.aliases import Bools, Codes, Ints, Progress
    from seqnet.commands._signals import TrackContigs
    from seqnet.genome.alphabet import SoftMask
    from seqnet.genome.regions import Center, OnBad, Regions
    from seqnet.genome.sequence import Bases, Genome, SequenceBlock


def expand_names(values: Sequence[str]) -> list[str]:
    """Turn option values into names: comma lists, wildcards as they are, files of names."""
    names: list[str] = []
    for value in values:
        if Path(value).is_file():
            names += Path(value).read_text().split()
        else:
            names += [name for name in value.split(",") if name]
    return names


def watched(blocks: Iterable[SequenceBlock], progress: Progress) -> Iterator[SequenceBlock]:
    """Pass blocks on and count their bases."""
    for block in blocks:
        yield block
        progress(len(block.codes))


def load_genome(path: str | None, chroms: Sequence[str] = (), soft_mask: SoftMask = "ignore") -> Genome:
    """Read a genome, restricted to the contigs that were asked for."""
    from seqnet.formats.fasta import read_genome
    from seqnet.genome.splits import match_names

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
    from seqnet.genome.sequence import split_soft_mask

    return split_soft_mask(load_genome(path, chroms, "flag"))


def load_regions(path: str, genome: Genome, *, on_bad: OnBad = "error") -> Regions:
    """Read regions and make sure they lie inside the genome."""
    from seqnet.formats.bed import read_bed

    return fit_to_genome(read_bed(path), genome, on_bad)


def fit_to_genome(regions: Regions, genome: Bases | TrackContigs, on_bad: OnBad = "error") -> Regions:
    """Make sure that regions lie inside a genome, and say what was mended."""
    from seqnet.genome.regions import fit_regions

    if not len(regions):
        raise SeqnetError(f"{regions.source}: holds no regions")
    fitted = fit_regions(regions, genome.lengths, genome.source, on_bad)
    if fitted.skipped:
        note(f"{regions.source}: {fitted.skipped} regions outside {genome.source} skipped")
    if fitted.clipped:
        note(f"{regions.source}: {fitted.clipped} regions clipped to their contigs")
    return fitted.regions


def cut_regions(
    regions: Regions, genome: Genome, on_bad: OnBad, *, restricted: bool, width: int | None, center: Center
) -> Regions:
    """Bring regions onto a genome and, if so asked, to windows of one width; say what that left out.

    Parameters
    ----------
    restricted
        Whether the genome is restricted (``--chroms``), so that rows on other contigs do not matter.
    width
        Bases of the windows around each region's centre; None leaves regions as they are.
    center
        What the centre is.
    """
    from seqnet.genome.regions import windows

    if restricted:
        chosen = regions.intervals.contig_index_in(list(genome.codes)) >= 0
        if not chosen.all():
            left = int((~chosen).sum())
            note(f"{regions.source}: {left} rows lie on other contigs than --chroms and are left out")
        regions = regions.take(chosen)
    regions = fit_to_genome(regions, genome, on_bad)
    if width is None:
        return regions
    cut, skipped = windows(regions, width, center, genome.lengths)
    if skipped:
        note(f"{skipped} windows of {width} bases pass a contig's end and were skipped")
    if not len(cut):
        raise SeqnetError(f"{regions.source}: no window of {width} bases lies inside {genome.source}")
    return cut


def apply_splits(
    regions: Regions,
    codes: Codes | None,
    *,
    valid_chroms: Sequence[str],
    test_chroms: Sequence[str],
    valid_fraction: float | None,
    test_fraction: float | None,
    seed: int,
    linked: Ints | None = None,
) -> Regions:
    """Fill the split column as the options say; leaves it alone without any.

    Parameters
    ----------
    codes
        uint8 (n, length): keeps rows of equal sequence together under fractions, where at hand.
    linked
        int64 (n,): rows of equal number stay together under fractions too.
    """
    from seqnet.genome.splits import by_chromosome, by_fraction, fill_splits, leakage_groups

    fractions = valid_fraction is not None or test_fraction is not None
    if (valid_chroms or test_chroms) and fractions:
        raise UsageError(
            "--valid-chroms/--test-chroms and --valid-fraction/--test-fraction exclude each other"
        )
    if valid_chroms or test_chroms:
        assigned = by_chromosome(regions.intervals, expand_names(valid_chroms), expand_names(test_chroms))
    elif fractions:
        if (valid_fraction or 0) + (test_fraction or 0) >= 1:
            raise UsageError("--valid-fraction and --test-fraction leave nothing to train on")
        groups = leakage_groups(regions.intervals, codes, linked)
        assigned = by_fraction(groups, valid_fraction or 0.0, test_fraction or 0.0, seed)
    else:
        return regions
    return fill_splits(regions, assigned)
