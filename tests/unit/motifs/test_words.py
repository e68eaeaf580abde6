"""Motifs grown from words, against planted motifs and enumeration."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqnet.motifs import words
from seqnet.motifs.words import grow_motifs, site_scores, word_matrix

UNIFORM = np.full(4, 0.25)
ABF1 = "CGTGCAAAATGA"
MBP1 = "GACGCGTTA"


def planted(site: str, count: int, length: int = 60, seed: int = 0, errors: float = 0.05) -> np.ndarray:
    """Return random sequences that hold a site each, on either strand, with errors in it."""
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 4, (count, length)).astype(np.uint8)
    letters = np.array(["ACGT".index(letter) for letter in site], np.uint8)
    for row in codes:
        own = np.where(rng.random(len(letters)) < errors, rng.integers(0, 4, len(letters)), letters)
        begin = rng.integers(0, length - len(letters) + 1)
        row[begin : begin + len(letters)] = own if rng.random() < 0.5 else 3 - own[::-1]
    return codes


def consensus(matrix: np.ndarray, least: float = 1.0) -> str:
    """Return the best letters of a matrix's informative positions."""
    return "".join("ACGT"[row.argmax()] if row.max() > least else "." for row in matrix).strip(".")


def flipped(word: str) -> str:
    """Return the reverse complement."""
    return word.translate(str.maketrans("ACGT", "TGCA"))[::-1]


def test_a_word_grows_into_the_whole_site():
    """Six letters of twelve are enough to find the others."""
    (motif,) = grow_motifs(planted(ABF1, 120), ["TGCAAA"], UNIFORM, both=True)
    assert motif.shape == (15, 4)
    assert consensus(motif) in (ABF1, flipped(ABF1))


def test_words_with_gaps_grow_too():
    """N stands for any base."""
    (motif,) = grow_motifs(planted(ABF1, 120), ["CGTNNNAAAT"], UNIFORM, both=True)
    assert consensus(motif) in (ABF1, flipped(ABF1))


def test_words_of_one_site_give_one_motif_and_motifs_keep_the_order_of_their_words():
    """Of two sites in the same sequences each gives one motif, on whichever strand and shift its words are."""
    codes = np.concatenate([planted(ABF1, 150), planted(MBP1, 150, seed=1)], axis=1)
    listed = ["GACGCG", "TGCAAA", "CGCGTT", flipped("TGCAAA"), "GCAAAA", "CGTGCA", "ACGCGT"]
    motifs = grow_motifs(codes, listed, UNIFORM, both=True)
    assert [
        consensus(motif) in (site, flipped(site)) for motif, site in zip(motifs, (MBP1, ABF1), strict=True)
    ]
    assert len(motifs) == 2


def test_one_strand_alone():
    """Sites of the other strand are not counted."""
    codes = planted(ABF1, 200, errors=0.0)
    (motif,) = grow_motifs(codes, ["TGCAAA"], UNIFORM, both=False)
    assert consensus(motif) == ABF1
    forward = np.array([row for row in codes if ABF1 in "".join("ACGT"[code] for code in row)])
    assert 60 < len(forward) < 140
    assert len(grow_motifs(forward, [flipped("TGCAAAAT")], UNIFORM, both=True)) == 1
    assert grow_motifs(forward, [flipped("TGCAAAAT")], UNIFORM, both=False) == []


def test_random_words_and_few_sequences_grow_nothing():
    """A word that sequences do not hold, too few of them, none, or ones shorter than the word."""
    codes = planted(ABF1, 120)
    assert grow_motifs(planted(ABF1, 7), ["TGCAAA"], UNIFORM, both=True) == []
    assert grow_motifs(codes[:0], ["TGCAAA"], UNIFORM, both=True) == []
    assert grow_motifs(codes, [], UNIFORM, both=True) == []
    assert grow_motifs(codes[:, :5], ["TGCAAA"], UNIFORM, both=True) == []
    assert grow_motifs(np.full((50, 30), 4, np.uint8), ["TGCAAA"], UNIFORM, both=True) == []


def test_short_sequences_give_narrow_motifs():
    """A matrix is no wider than the sequences."""
    (motif,) = grow_motifs(planted(MBP1, 100, length=11, errors=0.0), ["CGCGTT"], UNIFORM, both=True)
    assert motif.shape == (11, 4)
    assert consensus(motif) in (MBP1, flipped(MBP1))


def test_motifs_are_as_many_as_the_limit(monkeypatch: pytest.MonkeyPatch):
    """The words behind are not tried."""
    monkeypatch.setattr(words, "MOST_MOTIFS", 1)
    codes = np.concatenate([planted(ABF1, 150), planted(MBP1, 150, seed=1)], axis=1)
    assert len(grow_motifs(codes, ["GACGCG", "TGCAAA"], UNIFORM, both=True)) == 1


def test_of_many_sequences_some_are_searched():
    """Evenly spaced ones, so that the cost is bounded."""
    codes = planted(MBP1, 3 * words.MOST_ROWS, length=20, errors=0.0)
    chosen = codes[np.linspace(0, len(codes) - 1, words.MOST_ROWS).astype(int)]
    motifs = grow_motifs(codes, ["ACGCGT"], UNIFORM, both=True)
    assert len(motifs) == 1
    np.testing.assert_array_equal(motifs, grow_motifs(chosen, ["ACGCGT"], UNIFORM, both=True))


@given(st.integers(0, 2**32 - 1))
def test_scores_of_sites_are_log_ratios_with_the_square_root_of_their_number(seed: int):
    """Against a loop over positions and letters."""
    rng = np.random.default_rng(seed)
    sites = rng.integers(0, 5, (int(rng.integers(1, 30)), 6)).astype(np.uint8)
    frequencies = rng.dirichlet(np.full(4, 5.0)) * 0.9 + 0.025
    scores = site_scores(sites, frequencies)
    for place in range(6):
        column = [code for code in sites[:, place].tolist() if code < 4]
        total = max(1, len(column))
        for base in range(4):
            share = (column.count(base) + total**0.5 * frequencies[base]) / (total + total**0.5)
            assert scores[place, base] == pytest.approx(np.log2(share / frequencies[base]), abs=1e-12)


@given(st.integers(0, 2**32 - 1), st.sampled_from(["ACG", "ANNT", "CCGGA"]), st.booleans())
def test_best_sites_by_enumeration(seed: int, word: str, both: bool):
    """Each window of each strand is scored by a loop; the first best one counts, + before -."""
    rng = np.random.default_rng(seed)
    codes = rng.choice(5, (6, 12), p=[0.24, 0.24, 0.24, 0.24, 0.04]).astype(np.uint8)
    width = 7
    matrix = word_matrix(word, width)
    sites = words._Sites(codes, width, "max" if both else "+").above(matrix, 0.0)
    first = (width - len(word)) // 2
    expected = []
    for row in codes.tolist():
        best = None
        for begin in range(len(row) - len(word) + 1):
            for strand in (1, -1) if both else (1,):
                window = row[begin : begin + len(word)]
                window = window if strand > 0 else [4 if code == 4 else 3 - code for code in window[::-1]]
                if 4 in window:
                    continue
                score = sum(matrix[first + place, code] for place, code in enumerate(window))
                if best is None or score > best[0] + 1e-9:
                    best = score, begin, strand
        if best is not None and best[0] >= -1e-9:
            _, begin, strand = best
            left = first if strand > 0 else width - len(word) - first
            places = range(begin - left, begin - left + width)
            site = [row[place] if 0 <= place < len(row) else 4 for place in places]
            expected.append(site if strand > 0 else [4 if code == 4 else 3 - code for code in site[::-1]])
    np.testing.assert_array_equal(sites, np.array(expected, np.uint8).reshape(-1, width))
