import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqnet.motifs import pvalue
from seqnet.motifs.pvalue import TIE, enumerate_words, tail_distribution

UNIFORM = np.full(4, 0.25)
SKEWED = np.array([0.4, 0.1, 0.2, 0.3])


def every_word(scores, background):
    """Score and probability of each of the 4**w words, added column by column."""
    sums, weights = np.zeros(1), np.ones(1)
    for row in scores:
        sums = (sums[:, None] + row).ravel()
        weights = (weights[:, None] * background).ravel()
    return sums, weights


def true_tail(scores, background, tie=0.0):
    """Every word's score, ascending deficit, and P(S >= score - tie)."""
    sums, weights = every_word(scores, background)
    order = np.argsort(-sums, kind="stable")
    sums, total = sums[order], np.cumsum(weights[order])
    return sums, total[np.searchsorted(-sums, -sums + tie, side="right") - 1]


def random_scores(seed, width, sites=20.0, zero=False):
    generator = np.random.default_rng(seed)
    counts = np.round(generator.dirichlet([0.4] * 4, width) * sites) + (0 if zero else 0.25)
    counts[counts.sum(axis=1) == 0] = 1
    with np.errstate(divide="ignore"):
        return np.log2(counts / counts.sum(axis=1, keepdims=True) / 0.25)


@pytest.mark.parametrize("words", [16, 1 << 16])  # 16: nearly all of the tail comes from the grid
@pytest.mark.parametrize("background", [UNIFORM, SKEWED], ids=["uniform", "skewed"])
@pytest.mark.parametrize("width", [1, 3, 6, 8])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_p_values_bound_the_true_ones_from_above(monkeypatch, words, background, width, seed):
    monkeypatch.setattr(enumerate_words, "__defaults__", (words,))
    scores = random_scores(seed, width, zero=seed == 3)
    sums, tail = true_tail(scores, background)
    _, generous = true_tail(scores, background, 2 * TIE)
    found = tail_distribution(scores, background)
    p_values = found.p_value(sums)
    assert (p_values >= tail * (1 - 1e-12)).all()
    finite = np.isfinite(sums)
    assert (p_values[finite] <= generous[finite] * (1 + found.bound) * (1 + 1e-9)).all()


@pytest.mark.parametrize("p_value", [1e-1, 1e-2, 1e-3, 1e-4])
@pytest.mark.parametrize("background", [UNIFORM, SKEWED], ids=["uniform", "skewed"])
@pytest.mark.parametrize("words", [16, 1 << 16])
def test_thresholds_admit_no_window_above_p_and_are_the_lowest(monkeypatch, p_value, background, words):
    monkeypatch.setattr(enumerate_words, "__defaults__", (words,))
    for seed in range(5):
        scores = random_scores(seed, 8)
        sums, tail = true_tail(scores, background)
        found = tail_distribution(scores, background, p_value=p_value)
        threshold = found.threshold(p_value)
        admitted = sums >= threshold
        assert (tail[admitted] <= p_value).all()
        assert (found.p_value(sums[admitted]) <= p_value).all()
        # every lower score exceeds p, equal scores counted together, up to the bound
        _, generous = true_tail(scores, background, 2 * TIE)
        certain = generous * (1 + found.bound) * (1 + 1e-9) <= p_value
        if np.isfinite(found.bound):
            assert not (certain & (sums < threshold - 2 * TIE)).any()


def test_without_a_grid_the_tail_is_exact():
    scores = random_scores(4, 7)
    found = tail_distribution(scores, SKEWED, p_value=1e-3)
    assert found.bound == 0
    sums, tail = true_tail(scores, SKEWED, TIE)
    reached = tail <= 1e-3
    assert found.p_value(sums[reached]) == pytest.approx(tail[reached], rel=1e-12)


def test_a_p_value_no_word_reaches_has_no_threshold():
    assert tail_distribution(np.zeros((3, 4)), UNIFORM, p_value=0.5).threshold(0.5) == np.inf
    steep = random_scores(1, 4)
    assert tail_distribution(steep, UNIFORM, p_value=1e-9).threshold(1e-9) == np.inf


def test_a_score_as_limit_covers_every_window_above_it():
    scores = random_scores(5, 8)
    sums, tail = true_tail(scores, UNIFORM)
    found = tail_distribution(scores, UNIFORM, score=2.0)
    above = sums >= 2.0
    assert (found.p_value(sums[above]) >= tail[above] * (1 - 1e-12)).all()
    assert (found.p_value(sums[above]) < 1).all()
    assert found.p_value(np.array([scores.max(axis=1).sum() + 1]))[0] == 0  # no window scores that


@given(st.integers(0, 10_000), st.integers(1, 7), st.integers(1, 50))
def test_enumerated_words_are_complete_up_to_their_limit(seed, width, most):
    deficits = np.random.default_rng(seed).integers(0, 4, (width, 4)) / 2
    deficits -= deficits.min(axis=1, keepdims=True)
    sums, weights, limit = enumerate_words(deficits, SKEWED, 6.0, most)
    all_sums, all_weights = every_word(deficits, SKEWED)
    inside = all_sums <= limit
    expected = {s: all_weights[inside & (all_sums == s)].sum() for s in set(all_sums[inside])}
    kept = sums <= limit
    assert dict(zip(sums[kept], weights[kept], strict=True)) == pytest.approx(expected)


def test_wide_motifs_attain_the_bound():
    scores = random_scores(6, 19, sites=500)
    found = tail_distribution(scores, UNIFORM, p_value=1e-4)
    assert len(found.bin_tail)
    assert found.bound <= pvalue.RELATIVE_BOUND
    windows = np.random.default_rng(0).integers(0, 4, (400_000, 19))
    sampled = scores[np.arange(19), windows].sum(axis=1)
    share = (sampled >= found.threshold(1e-4)).mean()
    assert share == pytest.approx(1e-4, abs=6e-5)  # four standard errors


def test_a_column_of_nothing_is_refused():
    with pytest.raises(ValueError, match="no letter with a finite score"):
        tail_distribution(np.full((2, 4), -np.inf), UNIFORM)
