import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare

from seqnet.datasets.simulation.letters import (
    conditional_tables,
    draw_background,
    draw_contig,
    draw_sites,
    gc_background,
    letter_bounds,
)
from seqnet.genome.alphabet import decode
from seqnet.genome.sequence import SequenceBlock
from seqnet.motifs.background import UNIFORM, Background, count_contexts
from seqnet.motifs.matrix import MotifInfo, Ppm


def rng(seed=0):
    return np.random.default_rng(seed)


def markov(order, seed=5):
    """A model whose shorter tables are the margins of the longest."""
    longest = rng(seed).dirichlet(np.full(4 ** (order + 1), 8.0))
    tables = [longest.reshape(4**length, -1).sum(axis=1) for length in range(1, order + 1)]
    return Background([*tables, longest][0], "made", tuple([*tables, longest][1:]))


def naive_chain(tables, draws):
    """One letter after another, by searching the sums of the probabilities."""
    text = []
    for position, draw in enumerate(draws):
        known = min(position, len(tables) - 1)
        context = 0
        for letter in text[len(text) - known :]:
            context = 4 * context + letter
        total, chosen = 0.0, 3
        for letter in range(4):
            total += tables[known][context][letter]
            if draw < total:
                chosen = letter
                break
        text.append(chosen)
    return text


@pytest.mark.parametrize("order", [0, 1, 2, 3])
def test_letters_are_those_of_a_naive_chain(order):
    tables = conditional_tables(markov(order))
    draws = rng(1).random((7, 40))
    expected = [naive_chain(tables, row) for row in draws]
    assert draw_background(tables, 7, 40, rng(1)).tolist() == expected
    assert draw_contig(tables, 40, rng(1)).tolist() == expected[0]


@pytest.mark.parametrize("order", [0, 2])
def test_the_number_drawn_at_once_does_not_matter(monkeypatch, order):
    tables = conditional_tables(markov(order))
    whole = draw_background(tables, 11, 30, rng())
    contig = draw_contig(tables, 50, rng())
    monkeypatch.setattr("seqnet.datasets.simulation.letters._ROWS", 3)
    monkeypatch.setattr("seqnet.datasets.simulation.letters._AT_ONCE", 7)
    np.testing.assert_array_equal(draw_contig(tables, 50, rng()), contig)
    np.testing.assert_array_equal(draw_background(tables, 11, 30, rng()), whole)
    np.testing.assert_array_equal(draw_background(tables, 5, 30, rng()), whole[:5])


def test_gc_content_is_the_one_asked_for():
    codes = draw_background(conditional_tables(gc_background(0.4)), 400, 500, rng())
    counts = np.bincount(codes.reshape(-1), minlength=5)
    assert counts[4] == 0
    assert chisquare(counts[:4], codes.size * np.array([0.3, 0.2, 0.2, 0.3])).pvalue > 1e-3
    # neighbours are independent
    pairs = np.bincount((4 * codes[:, ::2] + codes[:, 1::2]).reshape(-1).astype(int), minlength=16)
    expected = np.outer([0.3, 0.2, 0.2, 0.3], [0.3, 0.2, 0.2, 0.3]).reshape(-1)
    assert chisquare(pairs, pairs.sum() * expected).pvalue > 1e-3


@pytest.mark.parametrize("order", [1, 3])
def test_words_have_the_model_s_conditional_frequencies(order):
    model = markov(order)
    codes = draw_background(conditional_tables(model), 2000, 300, rng(3))
    counts = count_contexts((SequenceBlock("s", 0, row, last=True) for row in codes), order)[order]
    table = counts.reshape(-1, 4)
    expected = table.sum(axis=1, keepdims=True) * model.conditional(order)
    statistic = ((table - expected) ** 2 / expected).sum()
    degrees = 3 * 4**order
    assert abs(statistic - degrees) < 4 * np.sqrt(2 * degrees)
    first = np.bincount(codes[:, 0], minlength=4)
    assert chisquare(first, 2000 * model.frequencies).pvalue > 1e-3


def test_site_letters_follow_the_motif():
    probabilities = np.array([[0.7, 0.1, 0.1, 0.1], [0, 0.5, 0.5, 0], [0, 0, 0, 1], [0.25] * 4, [1, 0, 0, 0]])
    sites = draw_sites(Ppm(MotifInfo("m"), probabilities), 20_000, rng(2))
    assert sites.shape == (20_000, 5)
    for position, expected in enumerate(probabilities):
        counts = np.bincount(sites[:, position], minlength=4)
        assert (counts[expected == 0] == 0).all()
        possible = expected > 0
        if possible.sum() > 1:
            assert chisquare(counts[possible], 20_000 * expected[possible]).pvalue > 1e-3


@given(st.lists(st.integers(0, 7), min_size=4, max_size=4).filter(any))
def test_letters_without_probability_have_no_room(weights):
    probabilities = np.array(weights) / sum(weights)
    bounds = [0.0, *letter_bounds(probabilities).tolist(), 1.0]
    for letter, weight in enumerate(weights):
        room = bounds[letter + 1] - bounds[letter]
        assert room == pytest.approx(probabilities[letter], abs=1e-15)
        if not weight:
            assert room == 0


def test_rounding_gives_no_room_to_a_letter_that_cannot_be():
    probabilities = np.array([0.1, 0.2, 0.7, 0.0]) * (1 - 1e-12)  # sums to a little less than 1
    assert letter_bounds(probabilities)[2] == 1.0


@pytest.mark.parametrize("gc", [0, 1, -0.1, 2])
def test_a_gc_content_without_a_letter_is_refused(gc):
    with pytest.raises(ValueError, match="between 0 and 1"):
        gc_background(gc)


def test_letters_of_a_seed_are_pinned():
    assert decode(draw_background(conditional_tables(UNIFORM), 1, 20, rng(7))[0]) == "GTTACTATTCCCCCGGTTGT"
    model = Background(np.array([0.4, 0.1, 0.2, 0.3]), "made", (np.arange(1, 17) / 136,))
    assert decode(draw_contig(conditional_tables(model), 20, rng(7))) == "GTTCCTATTGCCCGGGTTGT"
