import sys
from collections import Counter
from fractions import Fraction
from itertools import product
from math import hypot, log2, sqrt

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from seqnet.motifs.compare import BINS, PSEUDOCOUNT, SIMILARITIES, Match, collect_targets, compare_motif
from seqnet.motifs.matrix import reverse_complement_matrix

distances = pytest.mark.parametrize("distance", SIMILARITIES)
UNIFORM = [0.25] * 4


def dirichlet(generator, width, alpha=0.4):
    return generator.dirichlet([alpha] * 4, width)


def motifs(seed, widths, alpha=0.4):
    generator = np.random.default_rng(seed)
    return [dirichlet(generator, width, alpha) for width in widths]


def letters(word):
    return np.eye(4)["ACGT".index(word)] if len(word) == 1 else np.array([letters(letter) for letter in word])


# the slow and obvious comparison


def correlation(p, q):
    p, q = ([x - sum(column) / 4 for x in column] for column in (p, q))
    norm = sqrt(sum(x * x for x in p)) * sqrt(sum(x * x for x in q))
    return sum(x * y for x, y in zip(p, q, strict=True)) / norm if norm > 1e-12 else 0.0


def divergence(p, q):
    p, q = ([(x + PSEUDOCOUNT / 4) / (1 + PSEUDOCOUNT) for x in column] for column in (p, q))
    forth = sum(x * log2(x / y) for x, y in zip(p, q, strict=True))
    back = sum(y * log2(y / x) for x, y in zip(p, q, strict=True))
    return (forth + back) / 2


SLOW = {
    "pearson": correlation,
    "euclidean": lambda p, q: -hypot(*(x - y for x, y in zip(p, q, strict=True))),
    "kullback-leibler": lambda p, q: -divergence(p, q),
}


def enumerated(nulls):
    """All sums of one pooled column for each query column, each combination once."""
    return Counter(sum(numbers) for numbers in product(*nulls))


def counted(nulls):
    """The same from how often each sum occurs, in whole numbers: exact for wide motifs too."""
    ways = Counter({0: 1})
    for null in nulls:
        step = Counter()
        for (total, count), (number, times) in product(ways.items(), Counter(null).items()):
            step[total + number] += count * times
        ways = step
    return ways


def share(ways, observed):
    return Fraction(sum(count for total, count in ways.items() if total >= observed), sum(ways.values()))


def every_alignment(query, target, distance, min_overlap, bins, pool, ways_of, spans):
    """(p, -overlap, reverse, offset, score) of every alignment with one target, the best first."""
    similarity = SLOW[distance]
    query = query.tolist()
    nulls = [[similarity(q, t) for t in pool] for q in query]
    unit = max(max(null) - min(null) for null in nulls) / bins or 1.0
    whole = [[round((value - min(null)) / unit) for value in null] for null in nulls]
    found = []
    for reverse, columns in enumerate(both_strands(target)):
        for offset in range(-len(target), len(query) + 1):
            pairs = [(i, i - offset) for i in range(len(query)) if 0 <= i - offset < len(target)]
            if len(pairs) < min(min_overlap, len(query), len(target)):
                continue
            scores = [similarity(query[i], columns[j]) for i, j in pairs]
            total = sum(round((s - min(nulls[i])) / unit) for (i, _), s in zip(pairs, scores, strict=True))
            span = pairs[0][0], len(pairs)
            if span not in spans:
                spans[span] = ways_of([whole[i] for i, _ in pairs])
            found.append((share(spans[span], total), -len(pairs), reverse, offset, sum(scores)))
    return sorted(found)


def both_strands(target):
    return target.tolist(), [column[::-1] for column in target.tolist()[::-1]]


def pooled(targets):
    return [column for target in targets for strand in both_strands(target) for column in strand]


def slow_compare(query, targets, distance, min_overlap, bins, ways_of=counted):
    pool, spans, rows = pooled(targets), {}, []
    for index, target in enumerate(targets):
        found = every_alignment(query, target, distance, min_overlap, bins, pool, ways_of, spans)
        p, overlap, reverse, offset, score = found[0]
        motif_p = float(1 - (1 - p) ** len(found))
        rows.append((motif_p, index, offset, -1 if reverse else 1, -overlap, score))
    rows.sort()
    q_values = stats.false_discovery_control([row[0] for row in rows])
    return [
        Match(index, offset, strand, overlap, score, p, p * len(targets), float(q))
        for (p, index, offset, strand, overlap, score), q in zip(rows, q_values, strict=True)
    ]


def assert_same(found, expected):
    assert [match[:4] for match in found] == [match[:4] for match in expected]
    for match, other in zip(found, expected, strict=True):
        assert match.score == pytest.approx(other.score, rel=1e-9, abs=1e-9)
        assert match[5:] == pytest.approx(other[5:], rel=1e-9)


# column scores


def test_pearson_is_that_of_scipy():
    queries, targets = motifs(1, (9, 13))
    expected = [[stats.pearsonr(q, t).statistic for t in targets] for q in queries]
    assert SIMILARITIES["pearson"](queries, targets) == pytest.approx(np.array(expected), abs=1e-12)


def test_a_constant_column_correlates_with_nothing():
    constant = np.array([UNIFORM, [0.1 + 0.2, 0.3, 0.3, 0.3], [0.25 + 1e-12, *UNIFORM[1:]]])
    (others,) = motifs(2, (5,))
    assert (SIMILARITIES["pearson"](constant, others) == 0).all()
    assert (SIMILARITIES["pearson"](others, constant) == 0).all()
    assert (SIMILARITIES["pearson"](constant, constant) == 0).all()


def test_euclidean_is_minus_the_distance():
    queries, targets = motifs(3, (9, 13))
    expected = [[-np.linalg.norm(q - t) for t in targets] for q in queries]
    assert SIMILARITIES["euclidean"](queries, targets) == pytest.approx(np.array(expected), abs=1e-12)


def test_kullback_leibler_is_the_mean_of_both_directions():
    queries, targets = motifs(4, (9, 13))
    queries[0] = [1, 0, 0, 0]
    p, q = ((x + PSEUDOCOUNT / 4) / (1 + PSEUDOCOUNT) for x in (queries, targets))
    expected = [[-(stats.entropy(x, y, 2) + stats.entropy(y, x, 2)) / 2 for y in q] for x in p]
    assert SIMILARITIES["kullback-leibler"](queries, targets) == pytest.approx(np.array(expected), abs=1e-12)


@distances
@given(st.integers(0, 10_000))
def test_the_other_strand_has_the_same_similarities_to_the_last_bit(distance, seed):
    queries, targets = motifs(seed, (5, 7))
    forward = SIMILARITIES[distance](queries, targets)
    assert np.array_equal(forward, SIMILARITIES[distance](queries[:, ::-1], targets[:, ::-1]))
    assert np.array_equal(forward, SIMILARITIES[distance](targets, queries).T)


@distances
def test_nothing_is_more_alike_than_itself(distance):
    (columns,) = motifs(5, (20,))
    table = SIMILARITIES[distance](columns, columns)
    assert (table.argmax(axis=1) == np.arange(20)).all()
    assert table.diagonal() == pytest.approx(1.0 if distance == "pearson" else 0.0, abs=1e-12)


# against the reference


@distances
@pytest.mark.parametrize("min_overlap", [1, 2, 3])
@pytest.mark.parametrize("seed", range(4))
def test_tiny_comparisons_equal_full_enumeration(distance, min_overlap, seed):
    query, *targets = motifs(seed, (3, 2, 3, 1 + seed))
    expected = slow_compare(query, targets, distance, min_overlap, 7, enumerated)
    assert_same(compare_motif(query, targets, distance, min_overlap, 7), expected)


@distances
@pytest.mark.parametrize("bins", [1, 30, BINS])
@pytest.mark.parametrize(("width", "seed"), [(4, 10), (9, 11), (14, 12)])
def test_comparisons_equal_the_slow_reference(distance, bins, width, seed):
    query, *targets = motifs(seed, (width, 9, 3, 14, 6, 20))
    targets.append(np.vstack([targets[0][:2], query[1:], targets[1]]))
    expected = slow_compare(query, targets, distance, 5, bins)
    assert_same(compare_motif(query, targets, distance, 5, bins), expected)


def test_defaults_are_those_of_the_signature():
    query, *targets = motifs(13, (8, 9, 7, 12))
    assert_same(compare_motif(query, targets), slow_compare(query, targets, "pearson", 5, 100))


def test_prepared_targets_serve_many_queries():
    first, second, *targets = motifs(14, (8, 11, 9, 7, 12))
    collection = collect_targets(targets)
    assert len(collection) == 3
    for query in (first, second, first):
        assert compare_motif(query, collection) == compare_motif(query, targets)


def test_there_is_one_match_for_each_target_and_the_best_comes_first():
    query, *targets = motifs(15, (8, *range(5, 45)))
    found = compare_motif(query, targets)
    assert sorted(match.target for match in found) == list(range(40))
    keys = [(match.p_value, match.target) for match in found]
    assert keys == sorted(keys)
    again = compare_motif(query, targets[::-1])
    assert {39 - match.target: match[1:7] for match in again} == {match.target: match[1:7] for match in found}


def test_equal_targets_keep_their_order():
    query, target = motifs(16, (8, 9))
    found = compare_motif(query, [target] * 5)
    assert [match.target for match in found] == list(range(5))
    assert len({match[1:] for match in found}) == 1


# known alignments


@distances
@pytest.mark.parametrize("strand", [1, -1])
@pytest.mark.parametrize(
    ("cut", "left", "right", "offset", "overlap"),
    [
        (slice(0, 12), 0, 0, 0, 12),  # itself
        (slice(3, 9), 0, 0, 3, 6),  # a part of it
        (slice(0, 12), 4, 2, -4, 12),  # it within more
        (slice(5, 12), 0, 6, 5, 7),  # hanging over on the right
        (slice(0, 7), 6, 0, -6, 7),  # hanging over on the left
    ],
)
def test_a_copy_is_found_where_it_was_put(distance, strand, cut, left, right, offset, overlap):
    query, before, after, *others = motifs(20, (12, left, right, *[10] * 30))
    target = np.vstack([before, query[cut], after])
    if strand == -1:
        target = reverse_complement_matrix(target)
    best = compare_motif(query, [*others[:7], target, *others[7:]], distance)[0]
    assert best[:4] == (7, offset, strand, overlap)
    assert best.score == pytest.approx(overlap if distance == "pearson" else 0.0, abs=1e-9)
    assert best.q_value < 1e-3


def test_a_reverse_complemented_query_turns_every_match():
    query, *targets = motifs(21, (9, *[11] * 20))
    for match, other in zip(
        compare_motif(query, targets), compare_motif(reverse_complement_matrix(query), targets), strict=True
    ):
        right = 9 - (match.offset + 11)  # columns of the query beyond the target's last
        assert other[:4] == (match.target, right, -match.strand, match.overlap)
        assert other[4:] == pytest.approx(match[4:], rel=1e-9)


@given(st.integers(0, 10_000), st.integers(1, 5), st.lists(st.integers(1, 6), min_size=1, max_size=3))
def test_turning_a_target_turns_its_match_and_nothing_else(seed, width, widths):
    query, *targets = motifs(seed, (width, *widths))
    first, *more = every_alignment(query, targets[0], "pearson", 2, 20, pooled(targets), counted, {})
    assume(not more or first[:2] != more[0][:2])  # of equally good ones the forward strand is told
    turned = [reverse_complement_matrix(targets[0]), *targets[1:]]
    before = compare_motif(query, targets, min_overlap=2, bins=20)
    after = compare_motif(query, turned, min_overlap=2, bins=20)
    assert [
        match._replace(strand=match.strand * (-1 if match.target == 0 else 1)) for match in before
    ] == after


def test_a_palindrome_is_told_on_the_forward_strand():
    half, *others = motifs(22, (4, *range(5, 45)))
    palindrome = np.vstack([half, reverse_complement_matrix(half)])
    for query in (palindrome, palindrome[:6]):
        best = compare_motif(query, [palindrome, *others])[0]
        assert best[:4] == (0, 0, 1, len(query))
    # of two mirrored alignments, whose p-values differ at most in their last bits, the forward one
    found = compare_motif(palindrome, [*others, *map(reverse_complement_matrix, others)])
    assert all(match.strand == 1 for match in found)


def test_alignments_that_mean_nothing_are_told_in_order():
    uniform = np.array([UNIFORM] * 6)
    best, narrow = compare_motif(uniform, [np.array([UNIFORM] * 9), *motifs(23, (4,))])
    assert best == Match(0, -3, 1, 6, 0.0, 1.0, 2.0, 1.0)  # the smallest offset of those with six
    assert narrow == Match(1, 0, 1, 4, 0.0, 1.0, 2.0, 1.0)


# overlaps


@pytest.mark.parametrize("min_overlap", [1, 3, 4, 7, 8, 99])
def test_the_overlap_is_at_least_what_was_asked_for(min_overlap):
    # the last three columns of the query begin the target; what follows matches badly
    query, *others = (letters(word) for word in ("AAAAAGTC", "GTCGGGGGG", *["ACGT" * 3] * 10))
    found = compare_motif(query, others, "euclidean", min_overlap)
    assert all(match.overlap >= min(min_overlap, 8) for match in found)
    best = next(match for match in found if match.target == 0)
    assert (best[1:5] == (5, 1, 3, 0.0)) == (min_overlap <= 3)


@distances
def test_narrow_motifs_overlap_entirely(distance):
    query, *targets = motifs(24, (12, *[3] * 20))
    assert {match.overlap for match in compare_motif(query, targets, distance, 5)} == {3}
    assert {match.overlap for match in compare_motif(targets[0], [query] * 2, distance, 5)} == {3}
    assert {match.overlap for match in compare_motif(query[:1], targets, distance, 5)} == {1}


# statistics


@pytest.mark.parametrize("width", [5, 12, 30])
def test_small_p_values_are_exact(width):
    # columns are equal or equally far apart, so that only the word itself scores as much
    word = "GATTACACCGTGAACTGTCCGATAGTCAAG"[:width]
    targets = [letters(text) for text in (word, "ACGT" * 30, "AAC" * 20)]
    frequencies = np.mean(pooled(targets), axis=0)
    single = np.prod(letters(word) @ frequencies)
    best = compare_motif(letters(word), targets, "euclidean")[0]
    assert best.target == 0
    tried = 2 * (2 * width - 2 * 5 + 1)
    assert best.p_value == pytest.approx(-np.expm1(tried * np.log1p(-single)), rel=1e-9)


@pytest.mark.parametrize("seed", range(20))
def test_p_values_do_not_exceed_one(seed):
    # no column is further from A than C and G are
    query, target = letters("AAAAAAAAA"), letters("CCCCCCCCC")
    worst = compare_motif(query, [target, *motifs(seed, (9,) * 5)], "euclidean", min_overlap=9)[-1]
    assert worst[:4] == (0, 0, 1, 9)
    assert 1 - 1e-9 < worst.p_value <= 1
    assert worst.q_value <= 1


def test_p_values_do_not_vanish():
    wide = letters("A" * 140)  # the product of its columns' chances is below the smallest number
    best = compare_motif(wide, [wide, letters("C" * 20_000)], "euclidean", bins=1)[0]
    assert best[:4] == (0, 0, 1, 140)
    assert 0 < best.p_value < 1e-300


@distances
@pytest.mark.parametrize("alpha", [0.3, 1.0])
def test_p_values_of_random_motifs_are_uniform(distance, alpha):
    p_values = []
    for seed in range(8):
        generator = np.random.default_rng(seed)
        collection = collect_targets(
            [dirichlet(generator, width, alpha) for width in generator.integers(6, 20, 100)]
        )
        for width in (5, 8, 12, 18):
            query = dirichlet(generator, width, alpha)
            p_values += [match.p_value for match in compare_motif(query, collection, distance)]
    shares = {level: np.mean(np.array(p_values) <= level) / level for level in (0.5, 0.2, 0.05, 0.01)}
    assert all(0.8 < shares[level] < 1.15 for level in (0.5, 0.2)), shares
    assert 0.7 < shares[0.05] < 1.3, shares
    assert 0.5 < shares[0.01] < 1.5, shares  # 32 expected: three standard deviations


@given(st.integers(0, 10_000), st.integers(1, 30))
def test_e_and_q_values_follow_from_p_values(seed, count):
    generator = np.random.default_rng(seed)
    query, *targets = motifs(seed, (7, *generator.integers(3, 12, count)))
    targets[0] = query
    found = compare_motif(query, targets)
    p_values = [match.p_value for match in found]
    assert [match.e_value for match in found] == pytest.approx([p * count for p in p_values], rel=1e-12)
    expected = stats.false_discovery_control(p_values, method="bh")
    assert [match.q_value for match in found] == pytest.approx(expected, rel=1e-12)


# refusals


def test_comparisons_without_targets_are_refused():
    (query,) = motifs(30, (8,))
    for none in ([], ()):
        with pytest.raises(ValueError, match="there are no targets to compare with"):
            compare_motif(query, none)


@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        (np.ones((3, 3)) / 3, r"has shape \(3, 3\); a motif has \(width, 4\)"),
        (np.empty((0, 4)), r"has shape \(0, 4\)"),
        (np.array(UNIFORM), r"has shape \(4,\)"),
        (np.array([[np.nan] * 4]), "holds values that are no probabilities"),
        (np.array([[1.5, -0.5, 0, 0]]), "holds values that are no probabilities"),
    ],
)
def test_what_is_no_motif_is_refused(matrix, message):
    good, other = motifs(31, (8, 8))
    with pytest.raises(ValueError, match="the query " + message):
        compare_motif(matrix, [good])
    with pytest.raises(ValueError, match="target 2 " + message):
        compare_motif(good, [other, matrix])


@pytest.mark.parametrize("options", [{"min_overlap": 0}, {"bins": 0}])
def test_numbers_below_one_are_refused(options):
    query, target = motifs(32, (8, 8))
    with pytest.raises(ValueError, match="are at least 1"):
        compare_motif(query, [target], **options)


@distances
def test_without_the_other_strand_targets_count_as_they_are(distance, monkeypatch):
    monkeypatch.setattr(sys.modules[__name__], "both_strands", lambda target: (target.tolist(),))
    query, *targets = motifs(31, (6, 7, 4, 8))
    collection = collect_targets(targets, forward=True)
    assert_same(
        compare_motif(query, collection, distance, 3, 7), slow_compare(query, targets, distance, 3, 7)
    )
