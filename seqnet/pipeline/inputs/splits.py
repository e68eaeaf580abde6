"""Splitting rows into train, valid and test as the options say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from seqnet.errors import SeqnetError, UsageError
from seqnet.genome.splitting.draws import Drawn, draw_stretches
from seqnet.genome.splitting.splits import (
    by_chromosome,
    by_fraction,
    fill_splits,
    held_tasks,
    leakage_groups,
    sequence_groups,
)
from seqnet.genome.splitting.stretches import Stretches, default_size
from seqnet.pipeline.inputs.genome import expand_names
from seqnet.pipeline.inputs.request import SplitOptions
from seqnet.reporting import note, warn

if TYPE_CHECKING:
    from seqnet.aliases import Bools, Codes, Ints
    from seqnet.genome.regions import Regions


class SplitRows(NamedTuple):
    """Rows with their splits.

    Parameters
    ----------
    stretches
        The stretches of the genome that are held out, where fractions were drawn.
    cut
        bool (n,): rows across a border between two splits, which must not be used; None for none.
    """

    regions: Regions
    stretches: Stretches | None = None
    cut: Bools | None = None


def apply_splits(
    regions: Regions,
    codes: Codes | None,
    options: SplitOptions,
    *,
    seed: int,
    lengths: Mapping[str, int] | None,
    linked: Ints | None = None,
) -> SplitRows:
    """Fill the split column as the options say; leave it alone without any.

    Parameters
    ----------
    codes
        uint8 (n, length): keeps rows of equal sequence together under fractions, where at hand.
    lengths
        Contig name to length in bases, of which fractions take whole stretches. None for rows without
        coordinates, of which they take groups of equal sequences.
    linked
        int64 (n,): rows of equal number stay together under fractions too.
    """
    fractions = {"valid": options.valid_fraction or 0.0, "test": options.test_fraction or 0.0}
    chroms = options.by_chroms
    if chroms and options.by_fractions:
        raise UsageError(
            "--valid-chroms/--test-chroms and --valid-fraction/--test-fraction exclude each other"
        )
    check_split_blocks(options.split_blocks, chroms=chroms, located=lengths is not None)
    if chroms:
        held = expand_names(options.valid_chroms), expand_names(options.test_chroms)
        assigned = by_chromosome(regions.intervals, *held)
        return SplitRows(fill_splits(regions, assigned))
    if not options.by_fractions:
        return SplitRows(regions)
    if sum(fractions.values()) >= 1:
        raise UsageError("--valid-fraction and --test-fraction leave nothing to train on")
    if lengths is None:
        groups = leakage_groups(regions.intervals, codes, linked)
        assigned = by_fraction(
            groups, fractions["valid"], fractions["test"], seed, held_tasks(regions.targets)
        )
        return SplitRows(fill_splits(regions, assigned))
    drawn = draw_split(
        regions, codes, fractions=fractions, split_blocks=options.split_blocks, seed=seed, lengths=lengths,
        linked=linked,
    )  # fmt: skip
    return SplitRows(fill_splits(regions, drawn.splits), drawn.stretches, drawn.cut)


def check_split_blocks(size: int | None, *, chroms: bool, located: bool) -> None:
    """Refuse ``--split-blocks`` where there is nothing that it could apply to."""
    if size is None:
        return
    if chroms:
        raise UsageError("--split-blocks goes with fractions, not with --valid-chroms and --test-chroms")
    if not located:
        raise UsageError("--split-blocks needs rows with coordinates: there are no stretches without them")


def draw_split(
    regions: Regions,
    codes: Codes | None,
    *,
    fractions: Mapping[str, float],
    split_blocks: int | None,
    seed: int,
    lengths: Mapping[str, int],
    linked: Ints | None = None,
) -> Drawn:
    """Draw whole stretches of the genome for each split, and say of what size they are.

    Parameters are those of `apply_splits`, but for

    Parameters
    ----------
    fractions
        Split to its share of the rows.
    """
    widest = int((regions.intervals.end - regions.intervals.start).max(initial=1))
    if split_blocks is not None and split_blocks < widest:
        raise UsageError(
            f"--split-blocks {split_blocks} is less than the width of a region, {widest}; a stretch holds "
            "whole regions"
        )
    size = split_blocks or default_size(lengths, widest)
    links = [] if codes is None else [sequence_groups(codes)]
    links += [] if linked is None else [linked]
    drawn = draw_stretches(regions, lengths, size, fractions, links, seed)
    held = {name: sum((part.end - part.start).tolist()) for name, part in drawn.stretches.held.items()}
    shown = ", ".join(f"{bases:,} bases {name}" for name, bases in held.items()) or "none held out"
    note(f"split by stretches of {size:,} bases (--split-blocks): {shown}")
    for task, name in drawn.lacking:
        warn(f"{task} has no positives in {name}: no split by stretches found that gives it some in each")
    if drawn.cut.any():
        note(f"{int(drawn.cut.sum())} rows lie across the border of two splits and are left out")
    return drawn


def known_stretches(regions: Regions) -> Stretches | None:
    """Return the stretches that a table's header names; None where its rows do not agree with them."""
    try:
        stretches = Stretches.parse(regions.header, regions.source)
    except SeqnetError as error:
        warn(f"{error}; the stretches are not used")
        return None
    if stretches is not None and not stretches.fit(regions.intervals, regions.splits):
        warn(f"{regions.source}: some rows are not in the stretches of their split that its header names")
        return None
    return stretches
