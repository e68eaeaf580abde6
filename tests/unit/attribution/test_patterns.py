"""Seqlets and patterns: planted motifs come out on both strands, and nothing of noise."""

import numpy as np
import pytest

from seqnet.attribution.patterns import find_patterns
from seqnet.attribution.seqlets import CORE, WIDTH, _q_values, find_seqlets
from seqnet.genome.alphabet import reverse_complement

ONE, OTHER = np.array([0, 1, 2, 2, 3, 0, 1, 1, 3], np.uint8), np.array([3, 3, 2, 0, 1, 3, 2, 1, 0], np.uint8)


def planted(seed, rows=200, length=100, motifs=(ONE,)):
    """Random sequences with a motif in each, on either strand, and attributions that see it."""
    random = np.random.default_rng(seed)
    codes = random.integers(0, 4, (rows, length)).astype(np.uint8)
    hypothetical = random.normal(0, 0.05, (rows, 4, length)).astype(np.float32)
    places = []
    for row in range(rows):
        motif = motifs[row % len(motifs)] if motifs else None
        if motif is None:
            break
        start, turned = int(random.integers(5, length - len(motif) - 6)), bool(random.integers(2))
        letters = reverse_complement(motif) if turned else motif
        codes[row, start : start + len(motif)] = letters
        hypothetical[row, :, start : start + len(motif)] -= 0.25
        hypothetical[row, letters, start + np.arange(len(motif))] += 1
        places.append((start, turned))
    observed = np.take_along_axis(hypothetical, codes[:, None].astype(np.int64), axis=1)[:, 0]
    return codes, hypothetical, observed, places


def noise(seed, rows=200, length=100):
    """Attributions without a motif."""
    return planted(seed, rows, length, ())[2]


def consensus(pattern):
    return pattern.counts.argmax(axis=1)


@pytest.mark.parametrize("seed", range(10))
def test_a_planted_motif_is_found_where_it_is(seed):
    codes, hypothetical, observed, places = planted(seed)
    seqlets = find_seqlets(observed, noise(seed + 100), 0.05)
    assert 190 <= len(seqlets.row) <= 215
    patterns = find_patterns(seqlets, hypothetical, observed, codes, 20)
    assert len(patterns) == 1
    (pattern,) = patterns
    letters = consensus(pattern)
    backward = np.array_equal(letters, reverse_complement(ONE))
    assert backward or np.array_equal(letters, ONE)
    assert pattern.contributions.max(axis=1).min() > 0.6
    right = 0
    for member, start, turned in zip(pattern.members, pattern.start, pattern.turned, strict=True):
        expected, strand = places[seqlets.row[member]]
        right += start == expected and turned == (strand ^ backward)
    assert right >= 0.95 * len(places)


@pytest.mark.parametrize("seed", range(10))
def test_stretches_of_negative_attribution_take_the_place_of_shuffles(seed):
    codes, hypothetical, observed, _ = planted(seed)
    (pattern,) = find_patterns(find_seqlets(observed, -observed, 0.05), hypothetical, observed, codes, 20)
    assert any(np.array_equal(consensus(pattern), each) for each in (ONE, reverse_complement(ONE)))
    codes, hypothetical, observed, _ = planted(seed, motifs=())
    assert find_patterns(find_seqlets(observed, -observed, 0.05), hypothetical, observed, codes, 20) == []


def test_two_motifs_make_two_patterns():
    codes, hypothetical, observed, _ = planted(3, rows=300, motifs=(ONE, ONE, OTHER))
    patterns = find_patterns(find_seqlets(observed, noise(9, 300), 0.05), hypothetical, observed, codes, 20)
    assert [round(len(pattern) / 100) for pattern in patterns] == [2, 1]
    for pattern, motif in zip(patterns, (ONE, OTHER), strict=True):
        assert any(np.array_equal(consensus(pattern), each) for each in (motif, reverse_complement(motif)))


def test_a_motif_longer_than_a_seqlet_is_one_pattern_of_its_whole_length():
    motif = np.random.default_rng(8).integers(0, 4, WIDTH + 3).astype(np.uint8)
    codes, hypothetical, observed, places = planted(4, motifs=(motif,))
    for row, (start, _) in enumerate(places):  # sites differ in where they are strongest
        strong = slice(start + 2, start + 14) if row % 2 else slice(start + 9, start + 21)
        observed[row, strong] *= 1.5
        hypothetical[row, :, strong] *= 1.5
    found = find_seqlets(observed, noise(9), 0.05)
    pattern = find_patterns(found, hypothetical, observed, codes, 20)[0]
    letters = consensus(pattern)
    backward = np.array_equal(letters, reverse_complement(motif))
    assert backward or np.array_equal(letters, motif)
    assert len(set(found.row[pattern.members])) == len(places)
    for member, start, turned in zip(pattern.members, pattern.start, pattern.turned, strict=True):
        assert (start, turned ^ backward) == places[found.row[member]]


@pytest.mark.parametrize("seed", range(10))
def test_noise_has_no_patterns(seed):
    codes, hypothetical, observed, _ = planted(seed, motifs=())
    seqlets = find_seqlets(observed, noise(seed + 50), 0.05)
    assert find_patterns(seqlets, hypothetical, observed, codes, 20) == []


def test_seqlets_stay_inside_their_rows():
    observed = np.zeros((2, 40), np.float32)
    observed[0, :CORE] = observed[1, -CORE:] = 1
    found = find_seqlets(np.repeat(observed, 30, axis=0), np.zeros((60, 40), np.float32), 0.5)
    assert set(found.start[found.row < 30]) == {0}
    assert set(found.start[found.row >= 30]) == {40 - WIDTH}


def test_false_discovery_rates_count_the_null_with_one_more():
    found = _q_values(np.array([5.0, 3.0, 4.0, 1.0]), np.array([3.5, 0.5]), 1.0)
    # above 5: (1 + 0) / 1; 4: (1 + 0) / 2; 3: (1 + 1) / 3; 1: (1 + 1) / 4; the least from below
    assert found.tolist() == pytest.approx([0.5, 0.5, 0.5, 0.5])
    found = _q_values(np.array([5.0, 3.0, 4.0, 1.0]), np.array([3.5, 2.0, 0.5]), 2.0)
    assert found.tolist() == pytest.approx([0.5, 1.0, 0.5, 1.0])
