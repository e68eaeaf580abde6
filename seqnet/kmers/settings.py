"""What a featuriser counts and how; stored with tables and models. Standard library only."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import NamedTuple

STRANDS = {
    "both": "a word and its reverse complement count as one",
    "forward": "words of the forward strand",
    "column": "words of the strand that the region's strand column says",
}
"""Choices of ``strands``."""
NORMALIZATIONS = {
    "counts": "counts",
    "frequency": "shares of the sequence's words, of each pattern",
    "log": "log(1 + count)",
    "sqrt": "square roots of counts",
    "z": "(count - mean) / standard deviation of the column",
}
"""Choices of ``normalize``."""

DEFAULT_K = 6
"""Length of the k-mers, unless chosen otherwise."""
LONGEST_WORD = 12
WIDEST_PATTERN = 32
LARGEST_HASH = 30
MOST_PATTERNS = 10_000
MOST_Z_FEATURES = 1 << 16
"""z-scores fill the table, zeros too."""

GAPPED = (
    "111111", "11111111", "1110111", "11100111", "111000111", "1110000111", "11100000111", "111101111",
    "1111001111", "11011011", "11011011011",
)  # fmt: skip
"""The eleven symmetric patterns of the gapped k-mer baseline."""


FEATURES, MOTIF_SCORES = "features", "motif-scores"
"""The ``##`` line of a table of motif scores: its key and its value."""


class KmerSettings(NamedTuple):
    """How sequences become features: k-mers that are counted, or scores of motifs from a table."""

    patterns: tuple[str, ...] = ("111111",)
    """Informative bases as 1, others as 0, first and last 1; k-mers are k times 1."""
    strands: str = "both"
    """A key of `STRANDS`."""
    normalize: str = "counts"
    """A key of `NORMALIZATIONS`."""
    hash_bits: int = 0
    """Where it is not 0, features are hashed into ``2**hash_bits`` columns."""
    mean: tuple[float, ...] = ()
    """Mean count of each column, the constants of z; empty while they are not known."""
    deviation: tuple[float, ...] = ()
    """Standard deviation of each column's counts, 1 for constant columns."""
    names: tuple[str, ...] = ()
    """The motifs whose scores are the columns of a table; nothing is counted then."""
    scoring: str = ""
    """How motifs were scored, as a phrase; empty where that is not known."""

    def stored(self) -> dict[str, object]:
        """Return what files keep of the settings: those of a table of motif scores where there is one."""
        entries = self._asdict()
        if not self.names:
            del entries["names"], entries["scoring"]
        return entries

    def facts(self) -> dict[str, str]:
        """Return the settings as short texts, without the constants."""
        if self.names:
            return {FEATURES: MOTIF_SCORES, "scoring": self.scoring}
        patterns = ",".join(self.patterns)
        hashing = {"hash_bits": str(self.hash_bits)} if self.hash_bits else {}
        return {"patterns": patterns, "strands": self.strands, "normalize": self.normalize, **hashing}

    def described(self) -> str:
        """Return the settings as a phrase, k-mers by their k."""
        if self.names:
            return f"scores of {len(self.names)} motifs ({self.scoring or 'scoring unknown'})"
        few = [f"k={len(p)}" if set(p) == {"1"} else p for p in self.patterns[:4]]
        facts = {**self.facts(), "patterns": ",".join(few) + (",..." if len(self.patterns) > 4 else "")}
        return " ".join(text if key == "patterns" else f"{key}={text}" for key, text in facts.items())


def contiguous(k: int) -> str:
    """Return the pattern of plain k-mers."""
    return "1" * k


def all_patterns(length: int, informative: int, strands: str) -> list[str]:
    """Return every pattern of `length` bases with so many informative, first and last among them.

    A pattern and its mirror image count the same on both strands together; under ``both`` the larger
    text of the two is left out.

    Raises
    ------
    ValueError
        If there is none, or there are too many.
    """
    inner, ones = length - 2, informative - 2
    if not 0 <= ones <= inner:
        raise ValueError(f"no pattern has {length} bases, {informative} of them informative, both ends too")
    if math.comb(inner, ones) > MOST_PATTERNS:
        raise ValueError(f"{math.comb(inner, ones)} patterns are too many; at most {MOST_PATTERNS}")
    patterns = []
    for places in combinations(range(inner), ones):
        middle = "".join("1" if place in places else "0" for place in range(inner))
        pattern = f"1{middle}1"
        if strands != "both" or pattern >= pattern[::-1]:
            patterns.append(pattern)
    return patterns


def chosen_settings(
    default: str,
    *,
    k: Sequence[int],
    patterns: Sequence[str],
    gapped: bool,
    gapped_all: tuple[int, int] | None,
    hash_bits: int | None,
    strands: str,
    normalize: str | None,
) -> KmerSettings:
    """Return the settings that options mean.

    Parameters
    ----------
    default
        The normalisation where none is chosen; that of `gapped` is sqrt.
    k, patterns, gapped, gapped_all
        What is counted: k-mers of these lengths, patterns, the symmetric ones of `GAPPED`, and all patterns
        of so many bases with so many informative. Words of six bases where nothing is.

    Raises
    ------
    ValueError
        If they cannot be counted with.
    """
    words = [*map(contiguous, k), *patterns, *(GAPPED if gapped else ())]
    words += all_patterns(*gapped_all, strands) if gapped_all else []
    how = normalize or ("sqrt" if gapped else default)
    # a pattern that several options name is counted once
    distinct = tuple(dict.fromkeys(words or [contiguous(DEFAULT_K)]))
    return checked_settings(KmerSettings(distinct, strands, how, hash_bits or 0))


def checked_settings(settings: KmerSettings) -> KmerSettings:
    """Return settings that can be counted with, as they are.

    Raises
    ------
    ValueError
        Saying which cannot.
    """
    if settings.names:
        if len(set(settings.names)) < len(settings.names):
            raise ValueError("two columns have one name")
        return settings
    if not settings.patterns or len(settings.patterns) > MOST_PATTERNS:
        raise ValueError(f"{len(settings.patterns)} patterns; expected 1 to {MOST_PATTERNS}")
    for pattern in settings.patterns:
        _check_pattern(pattern)
    _check_distinct(settings)
    if settings.strands not in STRANDS:
        raise ValueError(f"{settings.strands!r} is no strand choice; expected {', '.join(STRANDS)}")
    if settings.normalize not in NORMALIZATIONS:
        raise ValueError(f"{settings.normalize!r} is no normalisation; expected {', '.join(NORMALIZATIONS)}")
    if not 0 <= settings.hash_bits <= LARGEST_HASH:
        raise ValueError(f"{settings.hash_bits} hash bits; expected 1 to {LARGEST_HASH}")
    return settings


def _check_pattern(pattern: str) -> None:
    """Raise unless a pattern is one."""
    if not pattern or set(pattern) - {"0", "1"} or pattern[0] != "1" or pattern[-1] != "1":
        raise ValueError(f"pattern {pattern!r}: expected 1s and 0s, first and last 1, such as 1110111")
    if len(pattern) > WIDEST_PATTERN or pattern.count("1") > LONGEST_WORD:
        raise ValueError(
            f"pattern {pattern!r}: expected at most {LONGEST_WORD} 1s in at most {WIDEST_PATTERN} bases"
        )


def _check_distinct(settings: KmerSettings) -> None:
    """Raise if two patterns count the same."""
    seen: set[str] = set()
    for pattern in settings.patterns:
        mirrored = pattern[::-1] if settings.strands == "both" else pattern
        if pattern in seen:
            raise ValueError(f"pattern {pattern} is given twice")
        if mirrored in seen:
            raise ValueError(
                f"pattern {pattern} is {mirrored} read from the other strand and counts the same; "
                "give one of them, or count one strand"
            )
        seen.add(pattern)


def stored_settings(
    *,
    k: object = None,
    patterns: Iterable[object] = (),
    strands: object = "both",
    normalize: object = "counts",
    hash_bits: object = 0,
    mean: Sequence[float] = (),
    deviation: Sequence[float] = (),
    names: Iterable[object] = (),
    scoring: object = "",
) -> KmerSettings:
    """Return settings read from a file; those of the first version had `k` instead of patterns.

    Raises
    ------
    ValueError
        If one is not what it may be.
    """
    named = tuple(str(pattern) for pattern in patterns) if k is None else (contiguous(int(str(k))),)
    settings = KmerSettings(
        named,
        str(strands),
        str(normalize),
        int(str(hash_bits)),
        tuple(float(value) for value in mean),
        tuple(float(value) for value in deviation),
        tuple(map(str, names)),
        str(scoring),
    )
    return checked_settings(settings)
