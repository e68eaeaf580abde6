"""The named pseudocounts: data only, so that help can list them without numpy."""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt
from typing import NamedTuple


class Pseudocount(NamedTuple):
    """A rule for the total pseudocount per column."""

    total: Callable[[float], float]
    """Number of sites to the total added per column."""
    help: str


PSEUDOCOUNTS: dict[str, Pseudocount] = {
    "sqrt": Pseudocount(sqrt, "square root of the number of sites"),
    "none": Pseudocount(lambda _n: 0.0, "0; unseen letters score -inf"),
    "fimo": Pseudocount(lambda _n: 0.1, "0.1, as FIMO adds"),
    "tfbstools": Pseudocount(lambda _n: 0.8, "0.8, as TFBSTools adds"),
    "rsat": Pseudocount(lambda _n: 1.0, "1, as RSAT adds"),
    "moods": Pseudocount(lambda _n: 0.01, "0.01, as MOODS adds"),
}
DEFAULT = "sqrt"
DEFAULT_NSITES = 20.0
"""Number of sites taken for a motif whose file does not say (as MEME's readers do)."""


def total_pseudocount(rule: str, nsites: float) -> float:
    """Return the total pseudocount per column for a preset name or a number written as text.

    Raises
    ------
    ValueError
        If `rule` is neither, or negative.
    """
    if rule in PSEUDOCOUNTS:
        return PSEUDOCOUNTS[rule].total(nsites)
    try:
        value = float(rule)
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf"):
        names = ", ".join(PSEUDOCOUNTS)
        raise ValueError(f"{rule!r} is no pseudocount; expected a number >= 0 or one of {names}")
    return value
