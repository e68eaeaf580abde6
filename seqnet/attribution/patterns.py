"""Patterns: clusters of seqlets that have alike hypothetical attributions, aligned on both strands.

Clusters grow from the seqlets of highest attribution: those that resemble the seed join it, their mean
takes its place, and so on until the cluster stays as it is. Clusters that resemble a larger one join it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from seqnet.aliases import Codes, Floats, Ints
from seqnet.attribution.seqlets import WIDTH, Seqlets

Singles = NDArray[np.float32]
SLACK = 12
"""Bases by which a seqlet may be shifted against its pattern."""
LEAST_LIKE, LEAST_SAME = 0.6, 0.85
"""Cosine from which a seqlet joins a cluster, and from which two clusters are one."""
MOST_PATTERNS, MOST_FAILURES = 50, 30
_ROUNDS = 5
_TRIM = 0.25
"""Ends whose columns contribute less than this share of the highest are cut off."""
_AT_ONCE = 1024


@dataclass(frozen=True, eq=False)
class Pattern:
    """A cluster of seqlets.

    Parameters
    ----------
    members
        int64 (k,): numbers of its seqlets.
    start
        int64 (k,): where the pattern begins, in each seqlet's row; at its end where it is turned.
    turned
        bool (k,): seqlets that are read from the other strand.
    contributions
        float64 (w, 4): the mean attributions of the observed bases.
    counts
        float64 (w, 4): of the bases.
    """

    members: Ints
    start: Ints
    turned: NDArray[np.bool_]
    contributions: Floats
    counts: Floats

    def __len__(self) -> int:
        """Return the number of seqlets."""
        return len(self.members)


class _Rows(NamedTuple):
    """The rows that seqlets are part of."""

    observed: Singles
    """(n, L)."""
    codes: Codes
    """(n, L)."""


class _Windows(NamedTuple):
    """Seqlets with `SLACK` bases on both sides, zeros outside the rows."""

    hypothetical: Singles
    """(s, 4, WIDTH + 2 SLACK), of norm 1 within the seqlet."""

    def turned(self) -> _Windows:
        """Return them as the other strand reads them."""
        return _Windows(self.hypothetical[:, ::-1, ::-1])


class _Alignment(NamedTuple):
    """How seqlets are best laid on a template."""

    cosine: Floats
    shift: Ints
    """0 to 2 SLACK."""
    turned: NDArray[np.bool_]


def find_patterns(
    seqlets: Seqlets, hypothetical: Singles, observed: Singles, codes: Codes, least: int
) -> list[Pattern]:
    """Return the patterns of seqlets, those of most seqlets first; the same every time.

    Parameters
    ----------
    hypothetical
        float32 (n, 4, L).
    observed
        float32 (n, L).
    codes
        uint8 (n, L).
    least
        Seqlets of a pattern at least.
    """
    if len(seqlets.row) < least:
        return []
    forward = _windows(seqlets, hypothetical)
    both = forward, forward.turned()
    free = np.argsort(-seqlets.score, kind="stable")
    groups: list[Ints] = []
    failures = 0
    while len(free) >= least and len(groups) < MOST_PATTERNS and failures < MOST_FAILURES:
        members = _grown(both, free)
        if len(members) < least:
            failures += 1
            members = free[:1]
        else:
            groups.append(members)
        free = free[~np.isin(free, members)]
    groups = _merged(both, sorted(groups, key=len, reverse=True))
    rows = _Rows(observed, codes)
    return sorted((_pattern(both, seqlets, rows, group) for group in groups), key=len, reverse=True)


def _windows(seqlets: Seqlets, hypothetical: Singles) -> _Windows:
    """Cut out seqlets with their surroundings."""
    length = hypothetical.shape[2]
    columns = seqlets.start[:, None] - SLACK + np.arange(WIDTH + 2 * SLACK)
    inside = (columns >= 0) & (columns < length)
    columns = np.clip(columns, 0, length - 1)
    level = hypothetical.mean(axis=2, keepdims=True)[seqlets.row]  # what a base contributes wherever it is
    values = hypothetical[seqlets.row[:, None], :, columns].transpose(0, 2, 1)
    values = (values - level) * inside[:, None]
    norms = np.sqrt((values[:, :, SLACK : SLACK + WIDTH] ** 2).sum(axis=(1, 2), keepdims=True))
    return _Windows((values / np.maximum(norms, 1e-30)).astype(np.float32))


def _aligned(both: tuple[_Windows, _Windows], members: Ints, template: Floats) -> _Alignment:
    """Lay seqlets on a template (4, WIDTH), on either strand, where they resemble it most."""
    unit = (template / max(float(np.linalg.norm(template)), 1e-30)).astype(np.float32).reshape(-1)
    parts = []
    for start in range(0, len(members), _AT_ONCE):
        some = members[start : start + _AT_ONCE]
        scores = []
        for strand in both:
            windows = sliding_window_view(strand.hypothetical[some], WIDTH, axis=2)
            flat = windows.transpose(0, 2, 1, 3).reshape(len(some), 2 * SLACK + 1, -1)
            norms = np.sqrt(np.einsum("sdk,sdk->sd", flat, flat))
            scores.append(flat @ unit / np.maximum(norms, 1e-30))
        parts.append(np.stack(scores, axis=1).reshape(len(some), -1))
    together = np.concatenate(parts)
    best = together.argmax(axis=1)
    turned, shift = np.divmod(best, 2 * SLACK + 1)
    return _Alignment(together[np.arange(len(best)), best].astype(np.float64), shift, turned > 0)


def _places(members: Ints, alignment: _Alignment) -> Iterator[tuple[int, int, bool]]:
    """Yield each seqlet with its shift, and whether it is turned."""
    yield from zip(members.tolist(), alignment.shift.tolist(), alignment.turned.tolist(), strict=True)


def _mean(both: tuple[_Windows, _Windows], members: Ints, alignment: _Alignment) -> Floats:
    """Return the mean hypothetical attributions of aligned seqlets, (4, WIDTH)."""
    total = np.zeros((4, WIDTH))
    for member, shift, turned in _places(members, alignment):
        total += both[int(turned)].hypothetical[member, :, shift : shift + WIDTH]
    return total / len(members)


def _grown(both: tuple[_Windows, _Windows], free: Ints) -> Ints:
    """Return the cluster that grows from the first of some seqlets."""
    template = both[0].hypothetical[free[0], :, SLACK : SLACK + WIDTH].astype(np.float64)
    members = free[:1]
    for _ in range(_ROUNDS):
        alignment = _aligned(both, free, template)
        near = alignment.cosine >= LEAST_LIKE
        if not near.any() or np.array_equal(free[near], members):
            break
        members = free[near]
        chosen = _Alignment(alignment.cosine[near], alignment.shift[near], alignment.turned[near])
        template = _mean(both, members, chosen)
    return members


def _template(both: tuple[_Windows, _Windows], members: Ints) -> Floats:
    """Return the mean of a cluster, aligned to the mean of its first seqlet and those like it."""
    template = both[0].hypothetical[members[0], :, SLACK : SLACK + WIDTH].astype(np.float64)
    for _ in range(2):
        template = _mean(both, members, _aligned(both, members, template))
    return template


def _merged(both: tuple[_Windows, _Windows], groups: list[Ints]) -> list[Ints]:
    """Let clusters join larger ones whose mean theirs resembles, once laid on it.

    A motif longer than a seqlet makes clusters of its parts. Their seqlets are read on into the surroundings,
    so that the parts are compared over the same bases.
    """
    larger: list[tuple[Floats, list[Ints]]] = []
    for group in groups:
        for template, members in larger:
            moved = _mean(both, group, _aligned(both, group, template))
            if _cosine(moved, template) >= LEAST_SAME:
                members.append(group)
                break
        else:
            larger.append((_template(both, group), [group]))
    return [np.concatenate(members) for _, members in larger]


def _cosine(one: Floats, other: Floats) -> float:
    """Return the cosine of two templates."""
    norms = float(np.linalg.norm(one) * np.linalg.norm(other))
    return float((one * other).sum()) / max(norms, 1e-30)


def _ends(high: NDArray[np.bool_]) -> tuple[int, int]:
    """Return the first column of a pattern and the one after its last.

    Parameters
    ----------
    high
        bool (WIDTH + 2 SLACK,): columns that contribute much, of which one at least is of the seqlets.
    """
    inner = np.flatnonzero(high[SLACK : SLACK + WIDTH]) + SLACK
    first, end = int(inner[0]), int(inner[-1]) + 1
    while first > 0 and high[first - 1]:
        first -= 1
    while end < len(high) and high[end]:
        end += 1
    return first, end


def _pattern(both: tuple[_Windows, _Windows], seqlets: Seqlets, rows: _Rows, members: Ints) -> Pattern:
    """Return a cluster as a pattern.

    Ends that contribute little are cut off. Where the ends of seqlets contribute much, the motif is longer
    than they are, and the pattern is read on into the surroundings.
    """
    alignment = _aligned(both, members, _template(both, members))
    # of a turned seqlet, the template begins as far from its right end as the alignment says
    shift = np.where(alignment.turned, SLACK - alignment.shift, alignment.shift - SLACK)
    width = WIDTH + 2 * SLACK
    start = seqlets.start[members] + shift - SLACK
    columns = start[:, None] + np.arange(width)
    columns = np.where(alignment.turned[:, None], columns[:, ::-1], columns)
    inside = (columns >= 0) & (columns < rows.codes.shape[1])
    columns, row = np.where(inside, columns, 0), seqlets.row[members][:, None]
    letters = np.where(inside, rows.codes[row, columns], 4)
    letters = np.where(alignment.turned[:, None] & (letters < 4), 3 - letters, letters)
    known = letters[:, :, None] == np.arange(4)
    counts = known.sum(axis=0).astype(np.float64)
    contributions = np.einsum("swb,sw->wb", known, np.where(inside, rows.observed[row, columns], 0.0))
    size = np.abs(contributions).sum(axis=1)
    first, end = _ends((size >= _TRIM * size[SLACK : SLACK + WIDTH].max()) & (counts.sum(axis=1) > 0))
    return Pattern(
        members, start + np.where(alignment.turned, width - end, first), alignment.turned,
        contributions[first:end] / len(members), counts[first:end],
    )  # fmt: skip
