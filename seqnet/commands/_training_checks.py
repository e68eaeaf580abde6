"""The checks before training: what ``seqnet check`` would say, and training rows that leak."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from seqnet.commands._console import detail, note, verbosity, warn

if TYPE_CHECKING:
    from seqnet.aliases import Codes
    from seqnet.datasets.leakage import OnLeak
    from seqnet.genome.regions import Regions

MOST_SAID = 3
"""Findings of one kind, each about another task, that are said one by one."""

leak_option = click.option(
    "--on-leak", type=click.Choice(["drop", "warn", "error"]),
    help="What becomes of training rows that equal a held-out row, on either strand. Default: drop where "
    "whole chromosomes are held out, else error.",
)  # fmt: skip


def say_findings(regions: Regions, codes: Codes | None) -> None:
    """Say what is odd about labelled rows: warnings always, notes with ``-v``.

    Of a kind that many tasks have, the first is said and the others are counted; ``-v`` says all.

    Parameters
    ----------
    codes
        uint8 (n, width), where sequences are at hand.
    """
    from seqnet.datasets.checks import check_regions, check_sequences

    findings = check_regions(regions)
    if codes is not None:
        findings += check_sequences(regions, codes)
    kinds: dict[tuple[str, str], list[str]] = {}
    for finding in findings:
        kinds.setdefault((finding.level, finding.what), []).append(finding.message)
    for (level, what), messages in kinds.items():
        tell = detail if level == "note" else warn
        shown = len(messages) if verbosity().verbose or len(messages) <= MOST_SAID else 1
        for message in messages[:shown]:
            tell(f"{what}: {message}")
        if len(messages) > shown:
            tell(f"{what}: {len(messages) - shown} more tasks like this one (-v or seqnet check tells)")


def without_leaking_rows(regions: Regions, codes: Codes, policy: OnLeak | None) -> Regions:
    """Keep training rows that equal a held-out row out of training, as the policy says.

    Dropped rows stay in the table, with no split. Training rows that share a long word with a held-out
    row are counted and stay.

    Parameters
    ----------
    codes
        uint8 (n, width).
    policy
        None takes the default of the kind of split.

    Raises
    ------
    SeqnetError
        Under ``error``, naming two such rows.
    """
    import numpy as np

    from seqnet.datasets.leakage import WORD, default_policy, find_leakage, without_leaks
    from seqnet.genome.regions import UNKNOWN

    leaks = find_leakage(regions.splits, codes)
    if len(leaks.shared.train) > len(leaks.equal.train):
        some = len(np.setdiff1d(leaks.shared.train, leaks.equal.train))
        warn(f"{some} training rows share {WORD} bases or more with a held-out row")
    if not len(leaks.equal.train):
        return regions
    chosen = policy or default_policy(_by_chromosome(regions))
    keep = without_leaks(regions, leaks.equal, chosen)
    if chosen == "warn":
        warn(f"{len(leaks.equal.train)} training rows equal a held-out row and stay (see --on-leak)")
        return regions
    note(f"{int((~keep).sum())} training rows that equal a held-out row are left out")
    splits = regions.splits.copy()
    splits[~keep] = UNKNOWN
    return regions.with_splits(splits)


def _by_chromosome(regions: Regions) -> bool:
    """Tell whether every contig is in one split, and some split has several rows of a contig."""
    import numpy as np

    contig = regions.intervals.contig
    first = np.full(len(regions.intervals.contigs), "", dtype=object)
    first[contig[::-1]] = regions.splits[::-1]
    return len(np.unique(contig)) < len(contig) and bool((regions.splits == first[contig]).all())
