"""Shuffles that keep the dinucleotides (and other k-lets) of short sequences; one thread.

tangermeme takes one-hot sequences and returns the same, so its time holds no conversion either; it takes a
part of the sequences, its time multiplied. The loop compiled by numba is the textbook's algorithm (a tree by
rejection, every vertex's exits shuffled beforehand), as one would write it for a training script.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from _measure import function_seconds, medians, print_table

from seqnet.aliases import Codes
from seqnet.kernels.shuffle import shuffle_numpy, shuffle_rows

SEQUENCES = 20_000
PART = 100
"""tangermeme and the kernel's twin take this part of the work."""
LENGTHS = (200, 600)
ROUNDS = 5


def numba_way(codes: Codes) -> Callable[[], object] | None:
    """Return a loop compiled by numba, where that is installed."""
    try:
        from numba import njit
    except ImportError:
        return None
    compiled: Callable[[Codes, int], Codes] = njit(shuffle_loop)
    compiled(codes[:2], 0)
    return lambda: compiled(codes, 0)


# one loop, because calls between functions would cost numba time
def shuffle_loop(codes: Codes, seed: int) -> Codes:  # noqa: C901
    """Shuffle rows by the textbook's algorithm; for numba, which knows numpy's old generator alone."""
    np.random.seed(seed)  # noqa: NPY002
    n, length = codes.shape
    out = np.empty_like(codes)
    exits = np.empty((5, length), np.uint8)
    count, last, place = np.zeros(5, np.int64), np.zeros(5, np.int64), np.zeros(5, np.int64)
    for row in range(n):
        count[:] = 0
        for i in range(length - 1):
            letter = codes[row, i]
            exits[letter, count[letter]] = codes[row, i + 1]
            count[letter] += 1
        end, whole = codes[row, length - 1], False
        while not whole:
            whole = True
            for letter in range(5):
                if count[letter]:
                    last[letter] = np.random.randint(count[letter])  # noqa: NPY002
            for letter in range(5):
                here, steps = letter, 0
                while count[letter] and here != end and steps < 6:
                    here = exits[here, last[here]]
                    steps += 1
                whole = whole and (not count[letter] or here == end)
        for letter in range(5):
            rest = count[letter]
            if rest and letter != end:
                rest -= 1
                chosen = exits[letter, last[letter]]
                exits[letter, last[letter]] = exits[letter, rest]
                exits[letter, rest] = chosen
            for i in range(rest - 1, 0, -1):
                other = np.random.randint(i + 1)  # noqa: NPY002
                kept = exits[letter, i]
                exits[letter, i] = exits[letter, other]
                exits[letter, other] = kept
        place[:] = 0
        here = codes[row, 0]
        out[row, 0] = here
        for i in range(1, length):
            after = exits[here, place[here]]
            place[here] += 1
            out[row, i] = here = after
    return out


def tangermeme_way(codes: Codes) -> Callable[[], object] | None:
    """Return tangermeme's way, where it is installed."""
    try:
        import torch
        from tangermeme.ersatz import dinucleotide_shuffle
    except ImportError:
        return None
    torch.set_num_threads(1)
    hot = torch.from_numpy((codes[:, None, :] == np.arange(4)[:, None]).astype(np.int8))
    dinucleotide_shuffle(hot[:1], n=1, random_state=0)
    return lambda: dinucleotide_shuffle(hot, n=1, random_state=0)


def compare(codes: Codes) -> None:
    """Time shuffles of rows of one length."""
    length = codes.shape[1]
    part = codes[: SEQUENCES // PART]
    offsets, streams = np.arange(len(part) + 1) * length, np.arange(len(part))
    ways = {f"seqnet, k = {k}": (lambda k=k: shuffle_rows(codes, 0, k)) for k in (2, 1, 3, 6)}
    ways["numba, k = 2"] = numba_way(codes)
    parts = {
        "seqnet without its kernel, k = 2": lambda: shuffle_numpy(part.ravel(), offsets, 0, 2, streams),
        "tangermeme, k = 2": tangermeme_way(part),
    }
    timed = {name: (lambda way=way: function_seconds(way)) for name, way in ways.items() if way is not None}
    timed |= {
        name: (lambda way=way: PART * function_seconds(way)) for name, way in parts.items() if way is not None
    }
    found = medians(timed, ROUNDS)
    print_table(f"{SEQUENCES} shuffles of {length} bp", found, "seqnet, k = 2")
    print("  " + ", ".join(f"{name}: {SEQUENCES / seconds:.0f}/s" for name, seconds in found.items()))


def main() -> None:
    """Time all of them."""
    generator = np.random.default_rng(1)
    for length in LENGTHS:
        compare(generator.integers(0, 4, (SEQUENCES, length)).astype(np.uint8))


if __name__ == "__main__":
    main()
