"""``seqnet label``: peak files to labelled regions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from seqnet.commands._command import Command
from seqnet.commands._console import note, warn
from seqnet.commands._options import (
    center_option,
    chroms_option,
    common_options,
    exclude_option,
    genome_option,
    header_option,
    margin_option,
    on_bad_option,
    output_option,
    seed_option,
    split_options,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seqnet.genome.regions import Center, OnBad, Regions
    from seqnet.genome.sequence import Genome


@click.command(
    "label",
    cls=Command,
    short_help="Make labelled regions from peak files.",
    example="seqnet label peaks/*.narrowPeak --genome genome.fa --width 600 \\\n"
    "    --valid-chroms chrIV --test-chroms chrXII -o regions.bed",
)
@click.argument("peaks", nargs=-1, required=True)
@genome_option
@chroms_option
@on_bad_option
@click.option("--width", type=click.IntRange(3), default=600, show_default=True, help="Bases per region.")
@center_option
@click.option(
    "--merge-distance",
    type=int,
    metavar="BASES",
    help="Merge peaks whose centres lie this close (default min(400, width / 3)).",
)
@click.option(
    "--negatives",
    type=click.FloatRange(0),
    default=1.0,
    show_default=True,
    metavar="RATIO",
    help="GC-matched genomic negatives per positive; 0 for none.",
)
@exclude_option
@margin_option
@split_options
@seed_option
@output_option()
@header_option
@common_options
def command(
    peaks: tuple[str, ...],
    genome: str | None,
    chroms: tuple[str, ...],
    on_bad: OnBad,
    width: int,
    center: Center,
    merge_distance: int | None,
    negatives: float,
    margin: int | None,
    exclude: tuple[str, ...],
    valid_chroms: tuple[str, ...],
    test_chroms: tuple[str, ...],
    valid_fraction: float | None,
    test_fraction: float | None,
    seed: int,
    output: str,
    with_header: bool,
) -> None:
    """Make labelled regions from peak files.

    Each of PEAKS (BED or narrowPeak) is one task, named after its file. Peaks become windows of
    one width; those whose centres lie close are merged into one row that is 1 for all their
    tasks. A target is '.', unknown, where another peak of the task lies over a row's middle.
    """
    from seqnet.commands._load import apply_splits, load_masked_genome
    from seqnet.commands._negatives import draw_negatives, read_excluded
    from seqnet.datasets.labels import label_peaks
    from seqnet.errors import SeqnetError
    from seqnet.formats._open import open_output
    from seqnet.formats.bed import write_regions
    from seqnet.formats.header import base_name, provenance
    from seqnet.genome.extract import extract_windows
    from seqnet.genome.intervals import sort_order, with_contigs
    from seqnet.genome.regions import concatenate_regions

    with open_output(output) as stream:
        loaded, lower = load_masked_genome(genome, chroms)
        tasks = _read_peaks(peaks, loaded, on_bad, restricted=bool(chroms))
        labelled = label_peaks(tasks, loaded.lengths, width, center=center, merge_distance=merge_distance)
        if labelled.skipped:
            note(f"{labelled.skipped} windows of {width} bases pass a contig's end and were skipped")
        if not len(labelled.regions):
            raise SeqnetError(f"no window of {width} bases around a peak lies inside {loaded.source}")
        regions = apply_splits(
            labelled.regions,
            extract_windows(loaded, labelled.regions.intervals),
            valid_chroms=valid_chroms,
            test_chroms=test_chroms,
            valid_fraction=valid_fraction,
            test_fraction=test_fraction,
            seed=seed,
        )
        note(f"{labelled.peaks} peaks of {len(tasks)} tasks merged into {len(regions)} regions")
        if negatives:
            away = [table.intervals for table in (*tasks.values(), *read_excluded(exclude, loaded))]
            drawn = draw_negatives(regions, loaded, lower, away, ratio=negatives, margin=margin, seed=seed)
            both = concatenate_regions([regions, drawn])
            regions = both.take(sort_order(with_contigs(both.intervals, list(loaded.codes))))
        _summarise(regions)
        options = {
            "peaks": ",".join(map(base_name, peaks)),
            "genome": base_name(loaded.source),
            "width": width,
            "center": center,
            "merge-distance": merge_distance,
            "negatives": f"{negatives:g}",
            "seed": seed,
        }
        write_regions(stream, regions, provenance("label", options) if with_header else None)


def _read_peaks(
    paths: tuple[str, ...], genome: Genome, on_bad: OnBad, *, restricted: bool
) -> dict[str, Regions]:
    """Read every peak file as a task."""
    from seqnet.commands._load import fit_to_genome
    from seqnet.commands._negatives import task_name
    from seqnet.errors import SeqnetError, UsageError
    from seqnet.formats.bed import read_bed

    tasks: dict[str, Regions] = {}
    for path in paths:
        name = task_name(path)
        if name in tasks:
            raise UsageError(f"two peak files make a task {name!r}; rename one")
        peaks = read_bed(path)
        if restricted:
            peaks = peaks.take(peaks.intervals.contig_index_in(list(genome.codes)) >= 0)
        if not len(peaks):
            warn(f"{path}: holds no peaks; its task has no positives")
            tasks[name] = peaks
        else:
            tasks[name] = fit_to_genome(peaks, genome, on_bad)
    if not any(map(len, tasks.values())):
        raise SeqnetError(f"{', '.join(paths)}: no peaks on the genome's contigs")
    return tasks


def _summarise(regions: Regions) -> None:
    """Say how many rows each split has, and warn about tasks without positives in one."""
    splits = [split for split in ("train", "valid", "test", ".") if (regions.splits == split).any()]
    counts = [f"{int((regions.splits == split).sum())} {split}" for split in splits]
    note(f"{len(regions)} rows: " + ", ".join(counts))
    positives: Mapping[str, list[int]] = {
        split: (regions.targets[regions.splits == split] == 1).sum(axis=0).tolist() for split in splits
    }
    for column, task in enumerate(regions.tasks):
        missing = [split for split in splits if not positives[split][column]]
        if missing:
            warn(f"{task} has no positives in {', '.join(missing)}")
