"""How train splits its rows: as the options and the table say, with rows to validate on in any case."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from seqnet.errors import SeqnetError, UsageError
from seqnet.genome.regions import UNKNOWN, Regions
from seqnet.genome.splitting.draws import row_extent
from seqnet.genome.splitting.splits import by_fraction, held_tasks, leakage_groups
from seqnet.genome.splitting.stretches import Stretches, held_out_contigs
from seqnet.pipeline.inputs.request import SplitOptions
from seqnet.pipeline.inputs.splits import (
    SplitRows,
    apply_splits,
    check_split_blocks,
    draw_split,
    known_stretches,
)
from seqnet.reporting import note

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from seqnet.pipeline.training.rows import Rows

DEFAULT_VALID_FRACTION = 0.1


def split_rows(rows: Rows, options: SplitOptions, seed: int) -> SplitRows:
    """Split rows as the options say, and make sure that there are some to train and to validate on."""
    if not rows.located and options.by_chroms:
        raise UsageError("--valid-chroms and --test-chroms need rows with coordinates; take --valid-fraction")
    lengths = _lengths(rows)
    check_split_blocks(options.split_blocks, chroms=options.by_chroms, located=rows.located)
    parts = apply_splits(rows.regions, rows.codes, options, seed=seed, lengths=lengths, linked=rows.linked)
    if parts.stretches is None:
        parts = parts._replace(stretches=known_stretches(parts.regions) if rows.located else None)
    parts = _with_validation(parts, rows, options.split_blocks, seed)
    regions, stretches = parts.regions, parts.stretches
    for split, purpose in (("train", "train"), ("valid", "validate")):
        if not (regions.splits == split).any():
            option = "--valid-chroms" if rows.located else "--valid-fraction"
            raise SeqnetError(f"{regions.source}: no rows to {purpose} on (see {option})")
    if stretches is not None and not stretches.fit(regions.intervals, regions.splits):
        stretches = None
    return parts._replace(stretches=stretches)


def _lengths(rows: Rows) -> Mapping[str, int] | None:
    """Return the lengths of the contigs, of which stretches are taken; None without coordinates."""
    if not rows.located:
        return None
    return row_extent(rows.regions.intervals) if rows.extent is None else rows.extent


def _with_validation(split: SplitRows, rows: Rows, size: int | None, seed: int) -> SplitRows:
    """Draw validation rows where nothing says which they are; leave rows across a border out."""
    splits = split.regions.splits.copy()
    unknown = splits == UNKNOWN
    cut = np.zeros(len(splits), dtype=bool) if split.cut is None else split.cut
    stretches = split.stretches
    if unknown.any() and not unknown.all():
        note(f"{int(unknown.sum())} rows without a split are trained on")
    splits[unknown] = "train"
    if not (splits == "valid").any() and (splits == "train").any():
        if unknown.all():
            note(f"no split given: {DEFAULT_VALID_FRACTION:.0%} of the rows are used for validation")
        else:
            note(f"no valid rows: {DEFAULT_VALID_FRACTION:.0%} of the training rows are used for validation")
        train = np.flatnonzero((splits == "train") & ~cut)
        drawn = _draw_valid(split.regions.take(train), rows, train, stretches, size, seed)
        splits[train] = drawn.regions.splits
        stretches = drawn.stretches
        if drawn.cut is not None:
            cut[train] |= drawn.cut
    splits[cut] = UNKNOWN
    return SplitRows(split.regions.with_splits(splits), stretches, cut)


def _draw_valid(
    regions: Regions,
    rows: Rows,
    chosen: NDArray[np.int64],
    held: Stretches | None,
    size: int | None,
    seed: int,
) -> SplitRows:
    """Draw validation rows among training rows: whole stretches, or groups without coordinates.

    Parameters
    ----------
    chosen
        int64 (n,): their numbers among all rows.
    held
        The stretches that are held out for testing, where they are known.
    """
    codes = None if rows.codes is None else rows.codes[chosen]
    linked = None if rows.linked is None else rows.linked[chosen]
    lengths = _lengths(rows)
    if lengths is None:
        groups = leakage_groups(regions.intervals, codes, linked)
        positives = held_tasks(regions.targets)
        drawn_rows = by_fraction(groups, DEFAULT_VALID_FRACTION, 0.0, seed, positives)
        return SplitRows(regions.with_splits(drawn_rows))
    drawn = draw_split(
        regions, codes, fractions={"valid": DEFAULT_VALID_FRACTION},
        split_blocks=size or (None if held is None else held.size), seed=seed,
        lengths={name: lengths[name] for name in regions.intervals.contigs}, linked=linked,
    )  # fmt: skip
    if held is None:
        held = _whole_contigs(rows.regions, lengths)
    stretches = drawn.stretches if held is None else drawn.stretches.with_others(held)
    return SplitRows(regions.with_splits(drawn.splits), stretches, drawn.cut)


def _whole_contigs(regions: Regions, lengths: Mapping[str, int]) -> Stretches | None:
    """Return the contigs whose rows are all held out for testing; None where there are none."""
    names = regions.intervals.contig_names()
    tested = set(names[regions.splits == "test"]) - set(names[regions.splits != "test"])
    return held_out_contigs({"test": sorted(tested)}, lengths) if tested else None
