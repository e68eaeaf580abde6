from fractions import Fraction
from itertools import product
from math import comb, exp, log, log2

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import roc_auc_score

from seqnet.genome.alphabet import encode_text
from seqnet.motifs.background import UNIFORM
from seqnet.motifs.enrichment import enrichment, log2_ratio, log_centrality, log_fisher, score_auroc
from seqnet.motifs.matrix import MotifInfo, Pssm
from seqnet.motifs.scan import BestSites, best_sites, make_scanner

NOTHING = float("nan")


def sites(scores, hits, starts=None):
    """Best sites of made-up sequences."""
    scores, hits = np.array(scores, float), np.array(hits, np.int64)
    starts = np.where(np.isnan(scores), -1, 0) if starts is None else np.array(starts)
    return BestSites(starts.astype(np.int64), np.ones(len(hits), np.int8), scores, hits)


# ---- Fisher ----------------------------------------------------------------------------------

tables = st.tuples(st.integers(1, 60), st.integers(1, 60)).flatmap(
    lambda sizes: st.tuples(
        st.integers(0, sizes[0]), st.just(sizes[0]), st.integers(0, sizes[1]), st.just(sizes[1])
    )
)


def exact_fisher(hits_pos, n_pos, hits_neg, n_neg):
    """The tail in whole numbers."""
    hits = hits_pos + hits_neg
    ways = sum(comb(n_pos, k) * comb(n_neg, hits - k) for k in range(hits_pos, min(hits, n_pos) + 1))
    return Fraction(ways, comb(n_pos + n_neg, hits))


@given(tables)
def test_fisher_equals_scipy_s_and_the_tail_in_whole_numbers(table):
    hits_pos, n_pos, hits_neg, n_neg = table
    found = log_fisher(*table)
    assert found <= 0
    assert exp(found) == pytest.approx(float(exact_fisher(*table)), rel=1e-10)
    cells = [[hits_pos, n_pos - hits_pos], [hits_neg, n_neg - hits_neg]]
    assert exp(found) == pytest.approx(stats.fisher_exact(cells, "greater").pvalue, rel=1e-7)


@given(tables)
def test_fisher_of_both_directions_overlap_in_the_table_itself(table):
    hits_pos, n_pos, hits_neg, n_neg = table
    hits = hits_pos + hits_neg
    itself = Fraction(comb(n_pos, hits_pos) * comb(n_neg, hits_neg), comb(n_pos + n_neg, hits))
    both = exp(log_fisher(*table)) + exp(log_fisher(hits_neg, n_neg, hits_pos, n_pos))
    assert both == pytest.approx(1 + float(itself), rel=1e-10)


@pytest.mark.parametrize(("n_pos", "n_neg"), [(5000, 5000), (2000, 9000), (40_000, 300)])
def test_fisher_keeps_p_values_below_the_smallest_float(n_pos, n_neg):
    tail = exact_fisher(n_pos, n_pos, 3, n_neg)
    expected = log(tail.numerator) - log(tail.denominator)
    assert expected < -745 or n_neg == 300
    assert log_fisher(n_pos, n_pos, 3, n_neg) == pytest.approx(expected, rel=1e-9)


def test_fisher_without_hits_and_with_nothing_but_hits_is_one():
    assert log_fisher(0, 10, 0, 20) == log_fisher(10, 10, 20, 20) == log_fisher(0, 10, 7, 20) == 0


# ---- the ratio -------------------------------------------------------------------------------


@given(tables)
def test_swapping_the_sets_turns_the_ratio_s_sign(table):
    hits_pos, n_pos, hits_neg, n_neg = table
    assert log2_ratio(*table) == -log2_ratio(hits_neg, n_neg, hits_pos, n_pos)
    share = (Fraction(2 * hits_pos + 1, 2 * n_pos + 2), Fraction(2 * hits_neg + 1, 2 * n_neg + 2))
    assert log2_ratio(*table) == pytest.approx(log2(share[0] / share[1]), abs=1e-12)


# ---- auROC -----------------------------------------------------------------------------------

scores = st.lists(st.integers(-3, 3).map(float) | st.just(NOTHING), min_size=1, max_size=30)


@given(scores, scores)
def test_auroc_equals_sklearn_s_with_a_missing_score_the_lowest(high, low):
    found = score_auroc(np.array(high), np.array(low))
    known = np.nan_to_num([*high, *low], nan=-4.0)
    assert found == pytest.approx(roc_auc_score([1] * len(high) + [0] * len(low), known), abs=1e-12)
    assert score_auroc(np.array(low), np.array(high)) == pytest.approx(1 - found, abs=1e-12)
    assert score_auroc(np.array(high * 3), np.array(low * 2)) == pytest.approx(found, abs=1e-12)


def test_a_score_of_minus_infinity_is_as_low_as_none():
    assert score_auroc(np.array([-np.inf]), np.array([NOTHING])) == 0.5
    assert score_auroc(np.array([0.0]), np.array([NOTHING, -np.inf])) == 1


# ---- centrality ------------------------------------------------------------------------------


def rank(start, places):
    """The share of places nearer the centre, ties half, counted one by one."""
    distances = [abs(Fraction(2 * place - (places - 1), 2)) for place in range(places)]
    nearer = sum(d < distances[start] for d in distances)
    return Fraction(nearer) / places + Fraction(sum(d == distances[start] for d in distances), 2 * places)


@pytest.mark.parametrize("places", [3, 4, 9, 20, 71])
def test_centrality_of_one_site_is_the_normal_tail_of_its_rank(places):
    ranks = [rank(start, places) for start in range(places)]
    mean = sum(ranks) / places
    variance = sum((r - mean) ** 2 for r in ranks) / places
    assert mean == Fraction(1, 2)
    for start in range(places):
        z = float(mean - ranks[start]) / float(variance) ** 0.5
        found = log_centrality(np.array([start]), np.array([places]))
        assert found == pytest.approx(stats.norm.logsf(z), rel=1e-9)


@given(st.lists(st.integers(3, 12).flatmap(lambda m: st.tuples(st.integers(0, m - 1), st.just(m))), min_size=1, max_size=9))  # fmt: skip
def test_centrality_is_the_same_from_the_other_strand_and_sums_over_sequences(pairs):
    starts, places = np.array(pairs).T
    found = log_centrality(starts, places)
    assert found == pytest.approx(log_centrality(places - 1 - starts, places), rel=1e-12)
    ranks = [rank(start, m) for start, m in pairs]
    variance = sum(sum((rank(s, m) - Fraction(1, 2)) ** 2 for s in range(m)) / m for _, m in pairs)
    z = float(sum(Fraction(1, 2) - r for r in ranks)) / float(variance) ** 0.5
    assert found == pytest.approx(stats.norm.logsf(z), rel=1e-9)


def test_centrality_is_calibrated_under_the_null():
    generator = np.random.default_rng(5)
    found = []
    for _ in range(3000):
        places = generator.integers(3, 90, 40)
        found.append(np.exp(log_centrality(generator.integers(0, places), places)))
    p_values = np.array(found)
    assert stats.kstest(p_values, "uniform").pvalue > 0.01
    for level in (0.01, 0.05, 0.2):  # within four standard deviations of the number expected
        allowed = 4 * (3000 * level * (1 - level)) ** 0.5
        assert abs((p_values <= level).sum() - 3000 * level) < allowed


def test_the_normal_tail_is_close_to_the_exact_chance_for_a_few_sequences():
    places = [7, 8, 5, 6]
    sums = sorted(
        sum(rank(s, m) for s, m in zip(c, places, strict=True)) for c in product(*map(range, places))
    )
    for starts in ([3, 4, 2, 2], [3, 3, 2, 1], [0, 1, 2, 3], [0, 0, 0, 0]):
        observed = sum(rank(s, m) for s, m in zip(starts, places, strict=True))
        at_most = sum(s <= observed for s in sums) / len(sums)
        less = sum(s < observed for s in sums) / len(sums)
        found = exp(log_centrality(np.array(starts), np.array(places)))
        assert found == pytest.approx((at_most + less) / 2, abs=0.01)


def test_centrality_sees_what_is_central_and_what_is_not():
    places = np.full(500, 80)
    generator = np.random.default_rng(1)
    assert log_centrality(generator.integers(30, 50, 500), places) < -100
    assert log_centrality(generator.integers(0, 10, 500), places) > -1e-6
    assert log_centrality(np.full(20_000, 40), np.full(20_000, 80)) < -5000


@pytest.mark.parametrize("places", [[], [1], [2, 1, 2]])
def test_centrality_needs_a_choice_of_places(places):
    assert log_centrality(np.zeros(len(places), np.int64), np.array(places, np.int64)) is None


def test_places_of_whole_chromosomes_do_not_overflow():
    places = np.array([200_000_001])
    assert log_centrality(places // 2, places) == pytest.approx(stats.norm.logsf(3**0.5), rel=1e-6)


# ---- all together ----------------------------------------------------------------------------


def naive(positives, negatives, scanner):
    """Counts and scores by scanning every window of every sequence in plain loops."""
    letters = scanner.pssm.scores.tolist()
    width = len(letters)
    rows = []
    for codes in [*positives, *negatives]:
        found = []
        for start in range(len(codes) - width + 1):
            window = codes[start : start + width].tolist()
            if max(window) < 4:
                turned = [3 - code for code in reversed(window)]
                found += [
                    sum(column[code] for column, code in zip(letters, w, strict=True))
                    for w in (window, turned)
                ]
        rows.append(max(found, default=-1e9))
    high, low = rows[: len(positives)], rows[len(positives) :]
    hits = [sum(score >= scanner.thresholds[0] for score in part) for part in (high, low)]
    return hits, roc_auc_score([1] * len(high) + [0] * len(low), rows)


@pytest.mark.parametrize("seed", range(6))
def test_a_motif_is_judged_as_by_plain_loops(seed):
    generator = np.random.default_rng(seed)
    pssm = Pssm(MotifInfo("m"), generator.normal(0, 2, (5, 4)), UNIFORM)
    scanner = make_scanner(pssm, p_value=0.02)
    draw = [generator.integers(0, 5, generator.integers(0, 40)).astype(np.uint8) for _ in range(50)]
    positives, negatives = draw[:20], draw[20:]
    lengths = np.array([len(codes) for codes in positives])
    result = enrichment(best_sites(positives, scanner), best_sites(negatives, scanner), lengths, 5)
    hits, area = naive(positives, negatives, scanner)
    assert [result.n_pos, result.n_neg] == [20, 30]
    assert [result.hits_pos, result.hits_neg] == hits
    assert result.auroc == pytest.approx(area, abs=1e-12)
    assert result.log_p == log_fisher(hits[0], 20, hits[1], 30)
    assert result.windowless > 0


def test_only_sequences_with_a_hit_enter_centrality():
    pssm = Pssm(MotifInfo("m"), np.where(np.eye(4)[[0, 1, 2]] > 0, 2.0, -2.0), UNIFORM)
    scanner = make_scanner(pssm, score=6.0)
    texts = ["TTTTACGTTTT", "TTTTTTTTTT", "AC"]
    positives = [encode_text(text) for text in texts]
    lengths = np.array([len(text) for text in texts])
    found = enrichment(best_sites(positives, scanner), best_sites(positives, scanner), lengths, 3)
    assert found.log_centrality_p == log_centrality(np.array([4]), np.array([9]))
    assert (found.hits_pos, found.hits_neg, found.windowless) == (1, 1, 2)


@pytest.mark.parametrize(("n_pos", "n_neg"), [(0, 3), (3, 0)])
def test_an_empty_set_is_an_error(n_pos, n_neg):
    with pytest.raises(ValueError, match=f"{n_pos} positives and {n_neg} negatives"):
        enrichment(sites([1.0] * n_pos, [1] * n_pos), sites([1.0] * n_neg, [0] * n_neg), np.full(n_pos, 9), 4)


def test_sequences_without_any_window_alone():
    empty = sites([NOTHING, NOTHING], [0, 0])
    found = enrichment(empty, empty, np.array([2, 0]), 4)
    assert found == (2, 0, 2, 0, 0.0, 0.5, 0.0, None, 4)
