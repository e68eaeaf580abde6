from functools import cache
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqnet.genome.sequence import SequenceBlock
from seqnet.motifs.background import UNIFORM, Background
from seqnet.motifs.matrix import MotifInfo, Pssm, reverse_complement_matrix
from seqnet.motifs.scan import make_scanner, reverse_window_scores, scan_blocks
from seqnet.motifs.significance import pvalue, tails
from seqnet.motifs.significance.exact import WIDEST, exact_distribution
from seqnet.motifs.significance.pvalue import TIE, tail_distribution
from seqnet.motifs.significance.tails import enumerate_words

SKEWED = Background(np.array([0.4, 0.1, 0.2, 0.3]))


def markov(order, seed=0):
    """A Markov background whose shorter words have the frequencies its longest ones imply."""
    joint = np.random.default_rng(seed).dirichlet(np.full(4 ** (order + 1), 2.0))
    tables = [joint]
    while len(tables[0]) > 4:
        tables.insert(0, tables[0].reshape(-1, 4).sum(axis=1))
    return Background(tables[0], "markov", tuple(tables[1:]))


BACKGROUNDS = {"uniform": UNIFORM, "skewed": SKEWED, "order 1": markov(1), "order 2": markov(2)}
backgrounds = pytest.mark.parametrize("background", BACKGROUNDS.values(), ids=BACKGROUNDS)


def chance(word, background):
    """The chance of one word, letter after letter, straight from the tables of joint frequencies."""
    total = 1.0
    for place, letter in enumerate(word):
        context = word[max(0, place - background.order) : place]
        table = background.tables[len(context)]
        first = 0
        for base in context:
            first = 4 * first + base
        total *= table[4 * first + letter] / table[4 * first : 4 * first + 4].sum()
    return total


@cache
def _words(width):
    return list(product(range(4), repeat=width))


@cache
def _chances(background, width):
    return np.array([chance(word, background) for word in _words(width)])


def every_word(scores, background):
    """Score (columns added in order) and probability of each of the 4**w words."""
    words = _words(len(scores))
    sums = np.zeros(len(words))
    for column, letters in zip(scores, np.array(words).T, strict=True):
        sums += column[letters]
    return sums, _chances(background, len(scores))


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
@backgrounds
@pytest.mark.parametrize("width", [1, 4, 6, 8])
@pytest.mark.parametrize("seed", [1, 3])
def test_p_values_bound_the_true_ones_from_above(monkeypatch, words, background, width, seed):
    monkeypatch.setattr(tails, "MAX_WORDS", words)
    monkeypatch.setattr(pvalue, "MAX_STATES", 1 << 17)
    scores = random_scores(seed, width, zero=seed == 3)
    sums, tail = true_tail(scores, background)
    _, generous = true_tail(scores, background, 2 * TIE)
    found = tail_distribution(scores, background)
    p_values = found.p_value(sums)
    assert (p_values >= tail * (1 - 1e-12)).all()
    finite = np.isfinite(sums)
    assert (p_values[finite] <= generous[finite] * (1 + found.bound) * (1 + 1e-9)).all()


@pytest.mark.parametrize("p_value", [1e-1, 1e-2, 1e-3, 1e-4])
@backgrounds
@pytest.mark.parametrize("words", [16, 1 << 16])
def test_thresholds_admit_no_window_above_p_and_are_the_lowest(monkeypatch, p_value, background, words):
    monkeypatch.setattr(tails, "MAX_WORDS", words)
    monkeypatch.setattr(pvalue, "MAX_STATES", 1 << 17)
    for seed in range(3):
        scores = random_scores(seed, 7)
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


@backgrounds
@pytest.mark.parametrize("words", [16, 64, 1 << 16])
@pytest.mark.parametrize("p_value", [1e-1, 1e-3])
def test_what_is_kept_down_to_a_score_gives_the_same_p_values(monkeypatch, words, background, p_value):
    monkeypatch.setattr(tails, "MAX_WORDS", words)
    monkeypatch.setattr(pvalue, "MAX_STATES", 1 << 15)
    for seed in range(3):
        scores = random_scores(seed, 6)
        whole = tail_distribution(scores, background)
        threshold = whole.threshold(p_value)
        kept = whole.down_to(threshold)
        sums, _ = true_tail(scores, background)
        above = sums[sums >= threshold]
        assert len(above)
        assert np.array_equal(kept.p_value(above), whole.p_value(above))
        below = sums[sums < threshold]
        assert (kept.p_value(below) >= whole.p_value(below) * (1 - 1e-12)).all()
        assert kept.maximum == whole.maximum
        assert [kept.threshold(p) for p in (p_value, p_value / 3)] == [
            whole.threshold(p) for p in (p_value, p_value / 3)
        ]
        held = [len(tail.word_deficits) + (len(tail.grid.tail) if tail.grid else 0) for tail in (kept, whole)]
        assert held[0] < held[1]


def test_nothing_need_be_kept_down_to_infinity_and_everything_below():
    whole = tail_distribution(random_scores(3, 4), UNIFORM)
    assert whole.down_to(np.inf).p_value(np.array([whole.maximum])).tolist() == [1]
    assert len(whole.down_to(-np.inf).word_tail) == len(whole.word_tail)


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


@backgrounds
@given(st.integers(0, 10_000), st.integers(1, 5), st.integers(1, 50))
def test_enumerated_words_are_complete_up_to_their_limit(background, seed, width, most):
    deficits = np.random.default_rng(seed).integers(0, 4, (width, 4)) / 2
    deficits -= deficits.min(axis=1, keepdims=True)
    sums, weights, limit = enumerate_words(deficits, background, 6.0, 1e-12, most)
    all_sums, all_weights = every_word(deficits, background)
    inside = all_sums <= limit
    expected = {s: all_weights[inside & (all_sums == s)].sum() for s in set(all_sums[inside])}
    kept = sums <= limit
    assert dict(zip(sums[kept], weights[kept], strict=True)) == pytest.approx(expected)


def test_wide_motifs_attain_the_bound():
    scores = random_scores(6, 19, sites=500)
    found = tail_distribution(scores, UNIFORM, p_value=1e-4)
    assert found.grid is not None
    assert found.bound <= pvalue.RELATIVE_BOUND
    windows = np.random.default_rng(0).integers(0, 4, (400_000, 19))
    sampled = scores[np.arange(19), windows].sum(axis=1)
    share = (sampled >= found.threshold(1e-4)).mean()
    assert share == pytest.approx(1e-4, abs=6e-5)  # four standard errors


@backgrounds
@pytest.mark.parametrize("width", [1, 2, 5, 8])
def test_exact_p_values_equal_enumeration(background, width):
    scores = random_scores(7, width, zero=True)
    sums, tail = true_tail(scores, background, TIE)
    found = exact_distribution(scores, background)
    finite = np.isfinite(sums)
    assert found.p_value(sums[finite]) == pytest.approx(tail[finite], rel=1e-9)
    for p_value in (0.3, 0.01, 1e-3):
        _, generous = true_tail(scores, background, 2 * TIE)
        assert (
            found.threshold(p_value) == np.inf
            or found.p_value(np.array([found.threshold(p_value)]))[0] <= p_value
        )
        admitted = sums >= found.threshold(p_value)
        assert (tail[admitted] <= p_value).all()
        assert not ((generous <= p_value * (1 - 1e-9)) & ~admitted).any()


def every_word_at_once(scores, background):
    """Do what `every_word` does with arrays: a letter after another is laid beside all words so far."""
    sums, weights, words = np.zeros(1), np.ones(1), np.zeros(1, dtype=np.int64)
    for place, column in enumerate(scores):
        table = background.tables[min(place, background.order)].reshape(-1, 4)
        chances = table / table.sum(axis=1, keepdims=True)
        weights = (weights[:, None] * chances[words % len(chances)]).ravel()
        sums = (sums[:, None] + column).ravel()
        words = (4 * words[:, None] + np.arange(4)).ravel()
    return sums, weights


@pytest.mark.slow
@pytest.mark.parametrize("width", [10, 12])
@pytest.mark.parametrize("name", ["uniform", "skewed", "order 1"])
def test_wide_motifs_against_every_one_of_their_words(name, width):
    background, scores = BACKGROUNDS[name], random_scores(5, width, sites=100)
    few = every_word(scores[:5], background), every_word_at_once(scores[:5], background)
    assert few[1][0] == pytest.approx(few[0][0], abs=1e-12)
    assert few[1][1] == pytest.approx(few[0][1], rel=1e-12)
    sums, weights = every_word_at_once(scores, background)
    exact, bounded = exact_distribution(scores, background), tail_distribution(scores, background)
    levels = np.quantile(sums, [0.5, 0.9, 0.99, 0.999, 0.9999, 1 - 1e-6])
    for level in levels.tolist():
        true, generous = (weights[sums >= level - tie].sum() for tie in (0, 2 * TIE))
        (upper,) = bounded.p_value(np.array([level]))
        assert true * (1 - 1e-9) <= upper <= generous * (1 + bounded.bound) * (1 + 1e-9)
        assert exact.p_value(np.array([level]))[0] == pytest.approx(
            weights[sums >= level - TIE].sum(), rel=1e-9
        )
        threshold = bounded.threshold(true)
        assert weights[sums >= threshold].sum() <= true * (1 + 1e-9)
        assert threshold <= level + 1e-6 or weights[sums >= level].sum() * (1 + bounded.bound) > true


def test_exact_p_values_have_a_widest_motif():
    exact_distribution(random_scores(1, WIDEST), UNIFORM).p_value(np.array([5.0]))
    with pytest.raises(ValueError, match="exact p-values go up to a width of 20; the motif has 21"):
        exact_distribution(random_scores(1, WIDEST + 1), UNIFORM)


@backgrounds
def test_bounded_and_exact_agree_on_wide_motifs(background):
    scores = random_scores(8, 16, sites=300)
    bounded = tail_distribution(scores, background, p_value=1e-4)
    exact = exact_distribution(scores, background)
    high = np.linspace(bounded.threshold(1e-4), bounded.maximum, 30)
    true = exact.p_value(high)
    found = bounded.p_value(high)
    assert (found >= true * (1 - 1e-9)).all()
    assert (found <= true * (1 + bounded.bound) * (1 + 1e-9)).all()


@backgrounds
def test_the_minus_strand_has_its_own_null(background):
    pssm = Pssm(MotifInfo("m"), random_scores(9, 6), background)
    scanner = make_scanner(pssm, p_value=0.01)
    words = np.array(_words(6), dtype=np.uint8)
    minus = reverse_window_scores(words, pssm.scores)[:, 0]
    _, weights = every_word(pssm.scores, background)
    true = np.array([weights[minus >= score - TIE].sum() for score in minus[:200]])
    exact = exact_distribution(reverse_complement_matrix(pssm.scores), background)
    assert exact.p_value(minus[:200]) == pytest.approx(true, rel=1e-9)
    hits = minus >= scanner.thresholds[1]
    assert 0.004 < weights[hits].sum() <= 0.01


def test_a_column_of_nothing_is_refused():
    with pytest.raises(ValueError, match="no letter with a finite score"):
        tail_distribution(np.full((2, 4), -np.inf), UNIFORM)


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("order", [0, 2])
@given(seed=st.integers(0, 10**6), width=st.integers(1, 9), forbidden=st.booleans())
def test_a_p_value_of_1_keeps_every_window_and_none_exceeds_1(exact, order, seed, width, forbidden):
    generator = np.random.default_rng(seed)
    tables = [generator.dirichlet([3.0] * 4**length) for length in range(1, order + 2)]
    background = Background(tables[0], "drawn", tuple(tables[1:]))
    scores = generator.normal(-1, 2, (width, 4))
    if forbidden:
        scores[0, 1] = -np.inf
    scanner = make_scanner(Pssm(MotifInfo("m"), scores, background), p_value=1.0, exact=exact)
    codes = generator.integers(0, 4, 300).astype(np.uint8)
    ((_, hits),) = scan_blocks([SequenceBlock("s", 0, codes, last=True)], [scanner])
    assert len(hits.start) == 2 * (300 - width + 1)
    assert (hits.p_value <= 1).all()


def test_a_probability_that_is_the_p_value_but_for_rounding_is_a_hit():
    background = Background(np.array([0.1, 0.2, 0.3, 0.4]))
    scores = np.array([[3.0, 2.0, 1.0, 0.0]])  # P(S >= 1) is 0.1 + 0.2 + 0.3, which is above 0.6
    for exact in (False, True):
        scanner = make_scanner(Pssm(MotifInfo("m"), scores, background), p_value=0.6, exact=exact)
        assert scanner.thresholds[0] == pytest.approx(1.0, abs=1e-8)
