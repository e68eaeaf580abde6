"""The share of simple repeats, against a count of trinucleotides one by one."""

from collections import Counter

import numpy as np
import pytest

from seqnet.datasets.shuffles import LOW, WINDOW, low_complexity
from seqnet.genome.alphabet import encode_text


def simple(text):
    """Tell whether a window is simple, by the sum over its trinucleotides."""
    words = [text[i : i + 3] for i in range(len(text) - 2) if "N" not in text[i : i + 3]]
    counts = Counter(words)
    return sum(c * (c - 1) / 2 for c in counts.values()) / max(len(words) - 1, 1) > LOW


def test_the_share_is_that_of_windows_counted_one_by_one():
    generator = np.random.default_rng(2)
    texts = []
    for _ in range(60):
        unit = "".join(generator.choice(list("ACGTN"), generator.integers(1, 40)))
        texts.append((unit * 200)[: generator.integers(30, 200)])
    windows = [text[i : i + WINDOW] for text in texts for i in range(0, len(text) - WINDOW + 1, WINDOW)]
    expected = sum(map(simple, windows)) / len(windows)
    assert 0.1 < expected < 0.9
    assert low_complexity([encode_text(text) for text in texts]) == pytest.approx(expected)


def test_random_sequences_are_not_simple_and_short_ones_have_no_windows():
    codes = np.random.default_rng(0).integers(0, 4, (500, 128)).astype(np.uint8)
    assert low_complexity(list(codes)) == 0
    assert low_complexity([codes[0, :40]]) == 0
