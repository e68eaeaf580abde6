"""Equal scores are equal, whatever the last bits of their sums are: on every kernel, strand and thread."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from seqnet.genome.alphabet import reverse_complement
from seqnet.genome.sequence import SequenceBlock
from seqnet.kernels import _dispatch
from seqnet.kernels.screen import find, prepare_for
from seqnet.kernels.ties import exact_sums, round_scores
from seqnet.metrics import binary_metrics
from seqnet.motifs.background import UNIFORM, Background
from seqnet.motifs.enrichment import score_auroc
from seqnet.motifs.matrix import MotifInfo, Ppm, Pssm, to_pssm
from seqnet.motifs.overlaps import best_of_sequences, better_strands, nonoverlapping
from seqnet.motifs.scan import best_sites, make_scanner, scan_blocks

pytestmark = pytest.mark.usefixtures("kernels")
SKEWED = Background(np.array([0.31, 0.19, 0.19, 0.31]))


def palindrome(seed, width):
    generator = np.random.default_rng(seed)
    rows = generator.dirichlet([0.6] * 4, width)
    rows[width - width // 2 :] = rows[: width // 2][::-1, ::-1]
    if width % 2:
        rows[width // 2] = (rows[width // 2] + rows[width // 2][::-1]) / 2
    return to_pssm(Ppm(MotifInfo(f"p{seed}", nsites=100), rows), SKEWED)


def hits_of(codes, scanners, choose=lambda found: found, threads=1, size=97):
    blocks = [
        SequenceBlock("s", at, codes[at : at + size], last=at + size >= len(codes))
        for at in range(0, len(codes), size)
    ]
    found = []
    for _, hits in choose(scan_blocks(blocks, scanners, threads)):
        found += zip(*(column.tolist() for column in hits), strict=True)
    return found


def mismatches(width=8):
    """A matrix whose columns hold the same two scores, in other orders."""
    order = np.random.default_rng(4).integers(0, 4, width)
    return to_pssm(Ppm(MotifInfo("mismatches", nsites=100), np.eye(4)[order])), order


@given(st.integers(0, 30), st.integers(2, 15), st.integers(0, 10**6), st.integers(1, 3))
def test_a_palindrome_scores_the_same_on_both_strands(seed, width, draw, threads):
    codes = np.random.default_rng(draw).integers(0, 4, 400).astype(np.uint8)
    scanner = make_scanner(palindrome(seed, width), p_value=0.2)
    hits = hits_of(codes, [scanner], threads=threads)
    plus = [(start, score, p) for start, _, strand, score, p in hits if strand > 0]
    minus = [(start, score, p) for start, _, strand, score, p in hits if strand < 0]
    assert plus == minus
    kept = hits_of(codes, [scanner], better_strands, threads)
    assert [strand for _, _, strand, *_ in kept] == [1] * len(plus)
    kept = hits_of(codes, [scanner], lambda found: nonoverlapping(found, [scanner]), threads)
    assert all(strand > 0 for _, _, strand, *_ in kept)


@given(st.integers(0, 30), st.integers(2, 15), st.integers(0, 10**6))
def test_hits_of_the_reverse_complement_are_mirrored_with_their_choice(seed, width, draw):
    codes = np.random.default_rng(draw).integers(0, 4, 300).astype(np.uint8)
    scanner = make_scanner(palindrome(seed, width), p_value=0.3)
    mirrored = [
        (len(codes) - width - start, strand, score)
        for start, _, strand, score, _ in hits_of(reverse_complement(codes), [scanner], better_strands)
    ]
    assert sorted(mirrored) == sorted(
        (start, strand, score) for start, _, strand, score, _ in hits_of(codes, [scanner], better_strands)
    )


def test_windows_with_as_many_mismatches_tie_and_the_first_is_the_best():
    pssm, order = mismatches()
    scanner = make_scanner(pssm, p_value=1.0)
    for first, second in itertools.combinations(range(8), 2):
        codes = np.full(40, 4, dtype=np.uint8)
        for at, place in ((3, first), (20, second)):
            word = order.copy()
            word[place] = (word[place] + 1) % 4
            codes[at : at + 8] = word
        plus = make_scanner(pssm, score=float(pssm.scores[:, 0].max()), strands="forward")
        best = best_sites([codes], plus)
        assert (best.start[0], best.strand[0]) == (3, 1)
        (hit,) = hits_of(codes, [plus], lambda found: best_of_sequences(found, [plus]))  # noqa: B023
        assert hit[0] == 3
    assert scanner.thresholds[0] < scanner.distributions[0].maximum


def test_the_auroc_of_equal_mismatches_is_a_half():
    pssm, order = mismatches()
    sets = []
    for places in (range(4), range(4, 8)):
        words = [order.copy() for _ in places]
        for word, place in zip(words, places, strict=True):
            word[place] = (word[place] + 1) % 4
        sets.append([word.astype(np.uint8) for word in words])
    scanner = make_scanner(pssm, p_value=0.01, strands="forward")
    positives, negatives = (best_sites(words, scanner) for words in sets)
    assert score_auroc(positives.score, negatives.score) == 0.5
    naive = []  # each sum in another order of its columns
    for number, word in enumerate([*sets[0], *sets[1]]):
        total = 0.0
        for j in np.roll(np.arange(8), number).tolist():
            total += float(pssm.scores[j, word[j]])
        naive.append(total)
    truth = np.repeat([1.0, 0.0], 4)
    assert binary_metrics("t", truth, np.array(naive)).auroc == 0.5
    assert roc_auc_score(truth, np.round(naive, 9)) == 0.5


@given(st.integers(0, 10**6))
def test_rank_statistics_are_those_of_rounded_scores(seed):
    generator = np.random.default_rng(seed)
    truth = generator.random(60) < 0.4
    truth[:2] = True, False
    scores = generator.integers(-30, 30, 60) / 3 + generator.normal(0, 1e-13, 60)
    expected = roc_auc_score(truth, np.round(scores, 9))
    assert binary_metrics("t", truth.astype(float), scores).auroc == pytest.approx(expected, abs=1e-12)
    assert score_auroc(scores[truth], scores[~truth]) == pytest.approx(expected, abs=1e-12)


@given(st.integers(0, 10**6), st.integers(1, 12), st.floats(0.001, 1), st.integers(0, 3))
def test_hits_equal_those_of_a_plain_loop_on_every_kernel(seed, width, p_value, forms):
    generator = np.random.default_rng(seed)
    scores = generator.integers(-12, 6, (width, 4)) / (3 if forms % 2 else 10)
    pssm = Pssm(MotifInfo("m"), scores, SKEWED if forms > 1 else UNIFORM)
    codes = generator.choice(5, 200, p=[0.24, 0.24, 0.24, 0.24, 0.04]).astype(np.uint8)
    scanner = make_scanner(pssm, p_value=p_value)
    expected = []
    for start in range(len(codes) - width + 1):
        window = codes[start : start + width]
        if (window > 3).any():
            continue
        for strand, read, threshold in zip(
            (1, -1), (window, reverse_complement(window)), scanner.thresholds, strict=True
        ):
            score = round(float(sum(map(float, scores[np.arange(width), read]))), 9)
            if score >= round(threshold, 9):
                expected.append((start, strand, score))
    assert [(start, strand, score) for start, _, strand, score, _ in hits_of(codes, [scanner])] == expected


@given(st.integers(0, 10**6))
def test_every_kernel_that_runs_here_finds_the_same(seed):
    generator = np.random.default_rng(seed)
    codes = generator.integers(0, 4, 500).astype(np.uint8)
    pssm = palindrome(seed % 40, 2 + seed % 12)
    scanner = make_scanner(pssm, p_value=0.1)
    found = [
        find(
            prepare_for(kind, [exact_sums(pssm.scores)], np.array([scanner.thresholds]) - 1e-9),
            codes,
            len(codes),
        )
        for kind in _dispatch.available()
    ]
    for other in found[1:]:
        for column, same in zip(other, found[0], strict=True):
            np.testing.assert_array_equal(round_scores(column), round_scores(same))
