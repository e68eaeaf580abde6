"""Drawing negatives from a genome, and reading what they stay away from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from seqnet.aliases import Bools
from seqnet.datasets.checks import counted
from seqnet.datasets.negatives import Negatives, gc_negatives
from seqnet.formats import file_stem
from seqnet.formats.files.opening import STANDARD
from seqnet.formats.regions.bed import read_bed
from seqnet.genome.contig_names import require_one_style
from seqnet.genome.intervals import Intervals
from seqnet.genome.regions import Regions
from seqnet.genome.sequence import Genome
from seqnet.genome.splitting.stretches import Stretches
from seqnet.reporting import note, warn


def task_name(path: str) -> str:
    """Return a task's name: the file's, without folder and suffixes; ``positive`` for stdin."""
    return "positive" if path == STANDARD else file_stem(path)


def read_excluded(paths: Sequence[str], genome: Genome) -> list[Regions]:
    """Read intervals to stay away from; those on other contigs do not matter."""
    tables = [read_bed(path) for path in paths]
    for table in tables:
        require_one_style(table.source, table.intervals.contigs, genome.source, genome.codes)
    return [table.take(table.intervals.contig_index_in(list(genome.codes)) >= 0) for table in tables]


def draw_negatives(
    positives: Regions,
    genome: Genome,
    lower: Mapping[str, Bools] | None,
    excluded: Sequence[Intervals],
    *,
    ratio: float,
    margin: int | None,
    seed: int,
    stretches: Stretches | None = None,
    anywhere: bool = False,
) -> Negatives:
    """Draw genomic negatives; note how well they match, and warn where there were too few.

    Parameters
    ----------
    anywhere
        Whether contigs without positives count too, as where the user chose the contigs.
    """
    drawn = gc_negatives(
        positives,
        genome if anywhere else _contigs_with(positives, genome),
        excluded,
        ratio=ratio,
        margin=positives.width() if margin is None else margin,
        seed=seed,
        lower=lower,
        stretches=stretches,
    )
    count = len(drawn.regions)
    if count < drawn.wanted:
        warn(f"only {count} of {drawn.wanted} negatives found (see --margin and the ratio)")
    if drawn.distances:
        apart = ", ".join(f"{what} {value:.3f}" for what, value in drawn.distances.items())
        note(f"{count} negatives; largest difference of distribution functions to the positives: {apart}")
    if drawn.loose:
        warn(f"{drawn.loose} negatives match by GC content alone")
    return drawn


def _contigs_with(positives: Regions, genome: Genome) -> Genome:
    """Return the contigs that hold positives; note how many others there are.

    Mitochondria, decoys and unplaced scaffolds differ in composition from the rest, and peaks were perhaps
    not called there.
    """
    held = set(positives.intervals.contig_names())
    others = len(genome.codes) - len(held)
    if not others:
        return genome
    note(
        f"negatives are drawn from the {counted(len(held), 'contig')} with peaks, not from the {others} "
        "without (--chroms chooses contigs)"
    )
    return genome.restrict(held)
