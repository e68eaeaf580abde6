from collections import Counter

import numpy as np
import pytest

from seqnet.datasets.shuffles import shuffled_records
from seqnet.genome.alphabet import encode_text
from seqnet.genome.sequence import EncodedSequence
from seqnet.kernels.shuffle import shuffle_rows


def records(n=6, seed=0):
    generator = np.random.default_rng(seed)
    return [
        EncodedSequence(f"s{i}", generator.integers(0, 4, 30 + i).astype(np.uint8)) for i in range(n)
    ]  # fmt: skip


def pairs(codes):
    return Counter(zip(codes[:-1].tolist(), codes[1:].tolist(), strict=True))


def test_each_sequence_has_a_shuffle_named_after_it():
    own = records()
    found = shuffled_records(own, ratio=1, k=2, seed=5)
    assert [r.name for r in found.records] == [f"neg_shuf:s{i}" for i in range(6)]
    assert (found.origins, found.unchanged) == ([0, 1, 2, 3, 4, 5], 0)
    for before, after in zip(own, found.records, strict=True):
        assert pairs(before.codes) == pairs(after.codes)
    # the stream of a sequence is its row
    assert np.array_equal(found.records[3].codes, shuffle_rows(own[3].codes[None], 5, 2, np.array([3]))[0])


@pytest.mark.parametrize("ratio", [0.5, 1.5, 3])
def test_ratios_spread_the_remainder_and_number_the_copies(ratio):
    found = shuffled_records(records(), ratio=ratio, k=1, seed=1)
    assert len(found.records) == round(6 * ratio)
    assert len({r.name for r in found.records}) == len(found.records)
    times = Counter(found.origins)
    assert max(times.values()) - min(times[i] for i in range(6)) <= 1
    if ratio > 1:
        assert found.records[0].name == "neg_shuf:1:s0"
        assert len({r.codes.tobytes() for r in found.records}) == len(found.records)


def test_shuffles_that_change_nothing_are_counted():
    same = [EncodedSequence("poly", encode_text("AAAAAA")), EncodedSequence("none", encode_text(""))]
    assert shuffled_records(same, ratio=1, k=2, seed=0).unchanged == 2
    assert shuffled_records([], ratio=1, k=2, seed=0).records == []
