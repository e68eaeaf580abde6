"""Ranges of the numbers that steps take, by argument: of the options of commands and of Python's calls."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from numbers import Integral, Real
from typing import NamedTuple

from seqnet.errors import NumberError
from seqnet.numerals import LARGEST, LARGEST_INTEGER, LARGEST_SINGLE


class Bounds(NamedTuple):
    """Numbers from `low` to `high`.

    Parameters
    ----------
    low, high
        None where only the limit holds.
    low_open, high_open
        Whether the end itself is outside.
    whole
        Whether only whole numbers are inside.
    limit
        The largest size where there is no `low` or `high`; messages do not name it.
    """

    low: float | None = None
    high: float | None = None
    low_open: bool = False
    high_open: bool = False
    whole: bool = False
    limit: float = LARGEST_SINGLE

    @property
    def ends(self) -> tuple[float, float]:
        """The lowest and the highest number, with the limit where there is none."""
        return (-self.limit if self.low is None else self.low, self.limit if self.high is None else self.high)

    def has(self, value: float) -> bool:
        """Return whether a number is inside; not a number never is."""
        low, high = self.ends
        above = low < value if self.low_open else low <= value
        below = value < high if self.high_open else value <= high
        return above and below and (isinstance(value, Integral) or not self.whole)

    def __str__(self) -> str:
        """Return what is inside, in words.

        Examples
        --------
        >>> print(Bounds(0, 1, low_open=True), Bounds(1, 12, whole=True), Bounds(0), sep="; ")
        a number above 0 and up to 1; a whole number from 1 to 12; a number of at least 0
        """
        kind = "a whole number" if self.whole else "a number"
        if self.low is None:
            return kind
        if self.high is None:
            return f"{kind} above {self.low}" if self.low_open else f"{kind} of at least {self.low}"
        if self.low_open:
            return f"{kind} above {self.low} and {'below' if self.high_open else 'up to'} {self.high}"
        return f"{kind} from {self.low} to {'below ' if self.high_open else ''}{self.high}"


def _whole(low: int | None = None, high: int | None = None, limit: int = LARGEST) -> Bounds:
    """Return a range of whole numbers."""
    return Bounds(low, high, whole=True, limit=limit)


_SHARE = Bounds(0, 1)
_SHARE_ABOVE_0 = Bounds(0, 1, low_open=True)
_SHARE_BELOW_1 = Bounds(0, 1, high_open=True)
_SHARE_BETWEEN = Bounds(0, 1, low_open=True, high_open=True)
_ABOVE_0 = Bounds(0, low_open=True)
_COUNT = _whole(0)
_POSITIVE = _whole(1)
_MOST_RATIO = 1e4
_LARGEST_SHIFT = 1 << 20  # of variants

RANGES: dict[str, Bounds] = {
    # rows, sequences and places
    "bins": _POSITIVE,
    "block_size": _POSITIVE,
    "central": _POSITIVE,
    "jitter": _COUNT,
    "label.min_overlap": _SHARE_ABOVE_0,
    "label.negatives": Bounds(0, limit=_MOST_RATIO),
    "label.width": _whole(3),
    "length": _POSITIVE,
    "margin": _COUNT,
    "max_n": _SHARE,
    "max_regions": _POSITIVE,
    "max_rows": _POSITIVE,
    "merge_distance": _COUNT,
    "min_score": Bounds(),
    "negatives.k": _whole(1, 8),
    "peak_width": _POSITIVE,
    "ratio": Bounds(0, low_open=True, limit=_MOST_RATIO),
    "split_blocks": _POSITIVE,
    "step": _POSITIVE,
    "test_fraction": _SHARE,
    "tile": _POSITIVE,
    "valid_fraction": _SHARE,
    "width": _POSITIVE,
    "window": _POSITIVE,
    # reads
    "effective_size": _whole(1, limit=LARGEST_INTEGER),
    "exclude_flags": _whole(0, 65535),
    "extend": _POSITIVE,
    "include_flags": _whole(0, 65535),
    "min_mapq": _whole(0, 255),
    "shift": _whole(-1_000_000, 1_000_000),
    "subsample": _SHARE_ABOVE_0,
    # motifs, k-mers and hits
    "columns": _whole(1, 20),
    "compare.min_overlap": _POSITIVE,
    "compare.q_value": _SHARE,
    "gapped_all": _POSITIVE,
    "hash_bits": _whole(1, 30),
    "hits_per_mb": Bounds(0, 2e6, low_open=True),
    "k": _whole(1, 12),
    "motif_p": _SHARE_ABOVE_0,
    "order": _whole(0, 8),
    "p_value": _SHARE_ABOVE_0,
    "p_values": _SHARE_ABOVE_0,
    "background.pseudocount": Bounds(0),
    "q_value": _SHARE_ABOVE_0,
    "relative_score": _SHARE,
    "score": Bounds(limit=LARGEST),
    "rounds": _POSITIVE,
    "scale": Bounds(0.1, 20),
    "top": _POSITIVE,
    "track_min": Bounds(),
    "trim": Bounds(),
    # training
    "batch_size": _COUNT,
    "checkpoint_every": Bounds(0),
    "clip": _ABOVE_0,
    "decay_epochs": _POSITIVE,
    "decay_factor": _SHARE,
    "dropout": _SHARE_BELOW_1,
    "ema": _SHARE_BELOW_1,
    "ensemble": _whole(1, 100),
    "epochs": _POSITIVE,
    "hidden": _whole(1, 1_000_000),
    "learning_rate": _ABOVE_0,
    "max_norm": _ABOVE_0,
    "mutate": _SHARE,
    "patience": _POSITIVE,
    "requeue_code": _whole(1, 255),
    "signal_clip": _SHARE_ABOVE_0,
    "strength": Bounds(0),
    "warmup": _COUNT,
    "weight_decay": Bounds(0),
    # evaluating and interpreting
    "distance": _COUNT,
    "fdr": _SHARE_ABOVE_0,
    "min_seqlets": _whole(2),
    "null": _whole(1, 100_000),
    "part": _POSITIVE,
    "perturb.shuffles": _whole(1, 10_000),
    "prior": _SHARE_BETWEEN,
    "shifts": _whole(-_LARGEST_SHIFT, _LARGEST_SHIFT),
    "shuffle_range": _POSITIVE,
    "shuffles": _whole(1, 1000),
    "threshold": Bounds(),
    # simulations
    "bound": _COUNT,
    "center": _POSITIVE,
    "copies": _COUNT,
    "gc": _SHARE_BETWEEN,
    "negative_copies": _COUNT,
    "negative_motifs": _COUNT,
    "negatives": _COUNT,
    "positives": _COUNT,
    "simulate_localization.copies": _POSITIVE,
    "spacing": _COUNT,
    "unbound": _COUNT,
    # all commands
    "seed": _whole(0, limit=LARGEST_INTEGER),
    "threads": _whole(0, limit=4096),
}
"""Argument, or step and argument where steps differ, to its range; also that of each of several numbers."""
_SPANS = ("copies", "distance", "negative_copies", "negative_motifs", "part", "shuffle_range", "spacing")
"""Arguments of two numbers, the lower one first."""


def range_of(step: str, argument: str) -> Bounds | None:
    """Return the range of a step's argument, None if it has none."""
    return RANGES.get(f"{step}.{argument}", RANGES.get(argument))


def check_numbers(step: str, arguments: Mapping[str, object]) -> None:
    """Refuse numbers outside their ranges; what is no number is left to others.

    Raises
    ------
    NumberError
        Naming the first argument with one.
    """
    for argument, value in arguments.items():
        within = range_of(step, argument)
        if within is None:
            continue
        numbers = _numbers(value)
        wrong = next((number for number in numbers if not within.has(number)), None)
        if wrong is not None:
            found = "is" if wrong is value else "holds"
            raise NumberError(f"seqnet.{step}: {argument} {found} {wrong}; expected {within}")
        if argument in _SPANS and len(numbers) == 2 and numbers[0] > numbers[1]:
            raise NumberError(f"seqnet.{step}: {argument} is {value}; expected the lower number first")


def _numbers(value: object) -> list[float]:
    """Return the numbers of an argument, which is one, or holds some."""
    held = value.values() if isinstance(value, Mapping) else value
    several = held if isinstance(held, Iterable) and not isinstance(held, str | bytes) else ()
    return [number for number in (held, *several) if isinstance(number, Real)]  # type: ignore[misc]
