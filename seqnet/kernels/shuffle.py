"""Shuffles of sequences that keep how often every k-let occurs."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from seqnet.aliases import Codes, Ints
from seqnet.kernels import _dispatch

LETTERS = 5
"""Four bases, and the ambiguous one as a separate letter."""
LARGEST_K = 8
_BITS = (1 << 64) - 1
_GOLDEN = 0x9E3779B97F4A7C15


def shuffle_sequences(
    codes: Codes, offsets: Ints, seed: int, k: int = 2, streams: Ints | None = None
) -> Codes:
    """Shuffle each of n sequences, keeping the number of every k-let in it.

    The first and last k - 1 letters stay, so that shorter words keep their numbers too. All sequences
    with those k-lets between those ends are equally likely (Altschul & Erickson 1985, with a uniform
    tree by Wilson 1996).

    Parameters
    ----------
    codes
        uint8 (total,): the sequences one after another, 0 to 4; ambiguous bases are a fifth letter.
    offsets
        int64 (n + 1,): where each sequence begins and the last one ends.
    seed
        0 to 2**64 - 1.
    k
        1 (all orders of the letters) to `LARGEST_K`; 2 keeps the dinucleotides.
    streams
        int64 (n,): equal seed, stream and sequence give an equal shuffle, whatever else is shuffled in
        the same call. Defaults to 0, 1, ..., n - 1.

    Returns
    -------
    uint8 (total,)
    """
    if not 1 <= k <= LARGEST_K:
        raise ValueError(f"k is {k}; expected 1 to {LARGEST_K}")
    if streams is None:
        streams = np.arange(len(offsets) - 1, dtype=np.int64)
    compiled = _dispatch.compiled()
    if compiled is None:
        return shuffle_numpy(codes, offsets, seed, k, streams)
    out = np.empty_like(codes)
    compiled.shuffle(codes, offsets, streams, k, seed, out)
    return out


def shuffle_rows(codes: Codes, seed: int, k: int = 2, rows: Ints | None = None) -> Codes:
    """Shuffle each row of codes (n, length); `rows` are the streams of `shuffle_sequences`.

    Examples
    --------
    >>> shuffle_rows(np.array([[0, 1, 2, 0, 2, 1]], dtype=np.uint8), seed=1).tolist()
    [[0, 2, 0, 1, 2, 1]]
    """
    n, length = codes.shape
    offsets = np.arange(n + 1, dtype=np.int64) * length
    flat = np.ascontiguousarray(codes).reshape(-1)
    return shuffle_sequences(flat, offsets, seed, k, rows).reshape(n, length)


def shuffle_numpy(codes: Codes, offsets: Ints, seed: int, k: int, streams: Ints) -> Codes:
    """Do what `shuffle_sequences` does without the compiled kernel."""
    if codes.max(initial=0) >= LETTERS:
        raise ValueError("codes must be 0 to 4")
    out = codes.copy()
    base = _mixed((seed + _GOLDEN) & _BITS)
    places = zip(offsets[:-1].tolist(), offsets[1:].tolist(), streams.tolist(), strict=True)
    for begin, end, stream in places:
        row = codes[begin:end].tolist()
        key = _mixed((base + _GOLDEN * stream) & _BITS)
        if k == 1:
            _permute(row, key)
        elif len(row) >= k:
            row = _shuffled(row, k, key)
        out[begin:end] = row
    return out


def _mixed(z: int) -> int:
    """Return splitmix64's output function of a state (Steele, Lea & Flood 2014)."""
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _BITS
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _BITS
    return z ^ (z >> 31)


def _draw(key: int, number: int, below: int) -> int:
    """Return the draw of a number in a stream, less than `below`; 0 where that is 0."""
    return _mixed((key + _GOLDEN * (number + 1)) & _BITS) * below >> 64


def _permute(row: list[int], key: int) -> None:
    """Put letters into a random order."""
    for i in range(len(row)):
        other = i + _draw(key, i, len(row) - i)
        row[i], row[other] = row[other], row[i]


def _shuffled(row: list[int], k: int, key: int) -> list[int]:
    """Return another walk along the k-lets of a sequence of at least k letters."""
    power: int = LETTERS ** (k - 1)
    start = 0
    for letter in row[: k - 1]:
        start = start * LETTERS + letter

    def follow(vertex: int, letter: int) -> int:
        return (vertex * LETTERS + letter) % power

    exits: dict[int, list[int]] = {}
    vertex = start
    for letter in row[k - 1 :]:
        exits.setdefault(vertex, []).append(letter)
        vertex = follow(vertex, letter)
    left = _grow_tree(exits, vertex, _mixed(key ^ _GOLDEN), follow)
    return row[: k - 1] + _walk(exits, left, start, len(row) - k + 1, key, follow)


def _grow_tree(
    exits: dict[int, list[int]], end: int, key: int, follow: Callable[[int, int], int]
) -> dict[int, int]:
    """Put the last exit of each vertex but the end behind the others; return how many those are."""
    left = {vertex: len(letters) for vertex, letters in exits.items()}
    tree, last, number = {end}, dict[int, int](), 0
    for begin in exits:
        vertex = begin
        while vertex not in tree:
            last[vertex] = _draw(key, number, left[vertex])
            number += 1
            vertex = follow(vertex, exits[vertex][last[vertex]])
        vertex = begin
        while vertex not in tree:
            letters, chosen = exits[vertex], last[vertex]
            letters[chosen], letters[-1] = letters[-1], letters[chosen]
            tree.add(vertex)
            left[vertex] -= 1
            vertex = follow(vertex, letters[-1])
    return left


def _walk(
    exits: dict[int, list[int]],
    left: dict[int, int],
    start: int,
    edges: int,
    key: int,
    follow: Callable[[int, int], int],
) -> list[int]:
    """Walk along all edges, each exit but the last at random; return the letters."""
    vertex, path = start, []
    for i in range(edges):
        letters, rest = exits[vertex], left[vertex]
        chosen = _draw(key, i, rest)
        letter = letters[chosen]
        letters[chosen] = letters[rest - 1]
        del letters[rest - 1 if rest else 0]
        left[vertex] = rest - 1
        path.append(letter)
        vertex = follow(vertex, letter)
    return path
