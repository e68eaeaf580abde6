import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from seqnet.kernels import _dispatch, windows
from seqnet.kernels.windows import summarise, summarise_numpy, track, track_numpy

pytestmark = pytest.mark.usefixtures("kernels")
KERNELS = Path(windows.__file__).parent / "src"
NONE = (None, None)


def naive_pair(codes, scores, start):
    """The definition for both strands, in a plain loop of Python floats; None without a score."""
    window = codes[start : start + len(scores)]
    if max(window) > 3:
        return NONE
    plus = minus = 0.0
    for column, code, opposite in zip(scores, window, reversed(window), strict=True):
        plus += column[code]
        minus += column[3 - opposite]
    return plus, minus


def naive_pairs(codes, scores):
    return [naive_pair(codes, scores, start) for start in range(len(codes) - len(scores) + 1)]


def naive_track(codes, scores, strand):
    pick = {"max": max, "+": lambda pair: pair[0], "-": lambda pair: pair[1]}[strand]
    pairs = naive_pairs(codes.tolist(), scores.tolist())
    return np.array([np.nan if pair == NONE else pick(pair) for pair in pairs])


def nine_decimals(score):
    """The nearest multiple of 1e-9, where float64 can tell them apart."""
    return float(np.rint(score * 1e9)) / 1e9 + 0.0 if abs(score) < 2**20 else score


def naive_summary(codes, scores, thresholds, read="max"):
    """One sequence: start, strand, score, hits, total."""
    best, hits, total = (-1, 0, np.nan), 0, 0.0
    thresholds = [nine_decimals(level) for level in thresholds]
    for start, pair in enumerate(naive_pairs(codes, scores)):
        for strand, score, threshold in zip((1, -1), pair, thresholds, strict=True):
            if score is None or read == ("-" if strand > 0 else "+"):
                continue
            score = nine_decimals(score)
            if best[0] < 0 or score > best[2]:
                best = (start, strand, score)
            if score >= threshold:
                hits += 1
                total += score
    return (*best, hits, total)


def naive_summaries(codes, offsets, scores, thresholds, read="max"):
    codes, scores = codes.tolist(), scores.tolist()
    rows = [
        naive_summary(codes[begin:end], scores, thresholds, read)
        for begin, end in zip(offsets[:-1].tolist(), offsets[1:].tolist(), strict=True)
    ]
    return [np.array(column) for column in zip(*rows, strict=True)] or [np.empty(0)] * 5


def assert_same_bits(found, expected):
    """Equal values, NaN where NaN is expected, zeros of the same sign."""
    expected = np.asarray(expected, dtype=found.dtype)
    np.testing.assert_array_equal(found, expected)
    known = ~np.isnan(expected)
    assert (np.signbit(found) == np.signbit(expected))[known].all()


def assert_same_summaries(found, expected):
    for column, other in zip(found, expected, strict=True):
        assert_same_bits(column, other)


@st.composite
def motifs(draw, largest=60):
    """Scores of every kind: any reals, sums that tie, palindromes, forbidden letters, huge and tiny."""
    generator = np.random.default_rng(draw(st.integers(0, 10**6)))
    width = draw(st.integers(1, largest))
    kind = draw(st.sampled_from(["real", "whole", "tenths", "zero", "spread"]))
    scores = {
        "real": lambda: generator.normal(-1, 2, (width, 4)),
        "whole": lambda: generator.integers(-3, 4, (width, 4)).astype(np.float64),
        "tenths": lambda: generator.integers(-20, 20, (width, 4)) / 10,
        "zero": lambda: np.zeros((width, 4)),
        "spread": lambda: (
            generator.normal(0, 1, (width, 4)) * 10.0 ** generator.integers(-60, 60, (width, 4))
        ),
    }[kind]()
    if draw(st.booleans()):
        scores[generator.random(scores.shape) < 0.1] = -np.inf
    if draw(st.booleans()):  # its own reverse complement
        half = width // 2
        scores[width - half :] = scores[:half][::-1, ::-1]
    return scores


@st.composite
def sequences(draw, largest=3000):
    """Codes with ambiguous bases (any above 3), stretches of them, and repeats."""
    generator = np.random.default_rng(draw(st.integers(0, 10**6)))
    length = draw(st.one_of(st.integers(0, 70), st.integers(0, largest)))
    codes = generator.integers(0, 4, length).astype(np.uint8)
    if draw(st.booleans()):
        period = draw(st.integers(1, 40))
        codes = np.resize(codes[:period], length)
    share = draw(st.sampled_from([0, 0, 0.003, 0.1, 1]))
    codes[generator.random(length) < share] = draw(st.sampled_from([4, 4, 5, 255]))
    if draw(st.booleans()) and length:
        begin = draw(st.integers(0, length - 1))
        codes[begin : begin + draw(st.integers(0, 1500))] = 4
    return codes


@given(sequences(), motifs(), st.sampled_from(["max", "+", "-"]))
@example(np.zeros(1023 + 15, np.uint8), np.ones((15, 4)), "max")
@example(np.zeros(1024 + 15, np.uint8), np.ones((16, 4)), "max")
@example(np.zeros(0, np.uint8), np.ones((1, 4)), "-")
def test_tracks_equal_the_loop_to_the_bit(codes, scores, strand):
    expected = naive_track(codes, scores, strand)
    assert_same_bits(track(codes, scores, strand), expected)
    with np.errstate(over="ignore"):
        rounded = expected.astype(np.float32)
    found = track(codes, scores, strand, np.float32)
    assert found.dtype == np.float32
    assert_same_bits(found, rounded)


@given(sequences(), st.lists(st.integers(0, 3000), min_size=1, max_size=30), motifs(30), st.data())
def test_summaries_equal_the_loop_to_the_bit(codes, cuts, scores, data):
    offsets = np.sort(np.minimum(cuts, len(codes)))
    reached = [score for pair in naive_pairs(codes.tolist(), scores.tolist()) for score in pair]
    levels = st.sampled_from([-np.inf, 0.0, 2.5, np.inf, *[score for score in reached if score is not None]])
    thresholds = np.array(data.draw(st.tuples(levels, levels)))
    read = data.draw(st.sampled_from(["max", "+", "-"]))
    expected = naive_summaries(codes, offsets, scores, thresholds, read)
    assert_same_summaries(summarise(codes, offsets, scores, thresholds, read), expected)


@given(st.integers(0, 10**6), st.integers(1, 12), st.integers(1, 60))
def test_many_short_sequences_equal_the_loop(seed, width, longest):
    generator = np.random.default_rng(seed)
    offsets = np.concatenate([[0], np.cumsum(generator.integers(0, longest, 100))])
    codes = generator.choice(5, int(offsets[-1]), p=[0.24, 0.24, 0.24, 0.24, 0.04]).astype(np.uint8)
    scores = generator.integers(-2, 3, (width, 4)) / 3
    expected = naive_summaries(codes, offsets, scores, (1.0, 2.0))
    assert_same_summaries(summarise(codes, offsets, scores, np.array([1.0, 2.0])), expected)


@given(st.integers(0, 10**6), st.integers(1, 60))
def test_both_kernels_agree_on_long_sequences(seed, width):
    generator = np.random.default_rng(seed)
    codes = generator.integers(0, 4, 20_000).astype(np.uint8)
    codes[generator.integers(0, len(codes), 5)] = 4
    scores = generator.normal(-1, 2, (width, 4))
    for dtype in (np.float64, np.float32):
        assert_same_bits(track(codes, scores, "max", dtype), track_numpy(codes, scores, "max", dtype))
    offsets = np.array([3, 5000, 5000, 19_000])
    thresholds = np.quantile(track(codes[:2000], scores)[~np.isnan(track(codes[:2000], scores))], [0.9, 0.99])
    found = summarise(codes, offsets, scores, thresholds)
    assert_same_summaries(found, summarise_numpy(codes, offsets, scores, thresholds))


def test_scores_too_close_for_another_order_of_the_sum():
    """Sums that differ only in their last bits, or not at all, by the order of the columns."""
    scores = np.array([[0.1, 0.7, 0.3, 0.2], [0.2, 0.1, 0.6, 0.3], [0.3, 0.3, 0.1, 0.1]] * 5)
    codes = np.random.default_rng(1).integers(0, 4, 3000).astype(np.uint8)
    offsets = np.arange(0, 3001, 50)
    for threshold in sorted(set(naive_track(codes, scores, "max").tolist()))[-20:]:
        thresholds = np.array([threshold, np.nextafter(threshold, np.inf)])
        expected = naive_summaries(codes, offsets, scores, thresholds)
        assert_same_summaries(summarise(codes, offsets, scores, thresholds), expected)


def test_equal_windows_the_leftmost_wins_and_plus_before_minus():
    scores = np.full((4, 4), -1.0)
    scores[np.arange(4), [0, 1, 2, 3]] = 1.0  # ACGT, its own reverse complement
    codes = np.array([3, 0, 1, 2, 3, 3, 0, 1, 2, 3], dtype=np.uint8)
    found = summarise(codes, np.array([0, 10]), scores, np.array([4.0, 4.0]))
    assert [column.tolist() for column in found] == [[1], [1], [4.0], [4], [16.0]]
    scores[3] = [-1, 1, -1, -1]  # ACGC, whose reverse complement is GCGT
    codes = np.array([2, 1, 2, 3, 0, 0, 1, 2, 1], dtype=np.uint8)
    found = summarise(codes, np.array([0, 9]), scores, np.array([4.0, 9.0]))
    assert [column.tolist() for column in found] == [[0], [-1], [4.0], [1], [4.0]]


def test_a_sequence_of_impossible_windows_still_has_a_best_one():
    scores = np.full((3, 4), -np.inf)
    found = summarise(np.zeros(5000, np.uint8), np.array([0, 5000]), scores, np.array([-np.inf, 0.0]))
    assert [column.tolist() for column in found] == [[0], [1], [-np.inf], [4998], [-np.inf]]


def test_views_with_strides_are_taken():
    codes = np.random.default_rng(0).integers(0, 4, 400).astype(np.uint8)
    scores = np.random.default_rng(1).normal(size=(4, 9)).T
    assert_same_bits(track(codes[::-2], scores), naive_track(codes[::-2].copy(), scores.copy(), "max"))


BASES, ROWS = np.zeros(9, np.uint8), np.zeros((3, 4))
LEVELS, CUTS = np.zeros(2), np.array([0, 9])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"codes": np.zeros(9, np.int64)}, "codes are int64"),
        ({"codes": np.zeros((3, 3), np.uint8)}, r"codes are uint8 \(3, 3\)"),
        ({"scores": np.zeros((3, 5))}, r"scores are float64 \(3, 5\)"),
        ({"scores": np.zeros((0, 4))}, r"scores are float64 \(0, 4\)"),
        ({"scores": np.zeros((3, 4), np.float32)}, "scores are float32"),
        ({"scores": np.full((3, 4), np.nan)}, "at most 1e"),
        ({"scores": np.full((3, 4), np.inf)}, "at most 1e"),
        ({"scores": np.full((3, 4), -1e101)}, "at most 1e"),
    ],
)
def test_what_is_not_a_sequence_or_a_motif_is_refused(change, message):
    arguments = {"codes": BASES, "scores": ROWS, **change}
    with pytest.raises(ValueError, match=message):
        track(**arguments)
    with pytest.raises(ValueError, match=message):
        summarise(**arguments, offsets=CUTS, thresholds=LEVELS)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"offsets": np.array([0, 10])}, "ascend within the 9 codes"),
        ({"offsets": np.array([-1, 9])}, "ascend within"),
        ({"offsets": np.array([0, 5, 4, 9])}, "ascend within"),
        ({"offsets": np.array([], np.int64)}, "offsets are int64"),
        ({"offsets": np.array([0.0, 9.0])}, "offsets are float64"),
        ({"thresholds": np.zeros(3)}, "thresholds are"),
        ({"thresholds": np.array([0, np.nan])}, "thresholds must not be NaN"),
    ],
)
def test_wrong_offsets_and_thresholds_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        summarise(**{"codes": BASES, "offsets": CUTS, "scores": ROWS, "thresholds": LEVELS, **change})


def test_unknown_strands_and_types_are_refused():
    with pytest.raises(ValueError, match=r"strand is 'both'; expected one of max, \+, -"):
        track(BASES, ROWS, "both")
    with pytest.raises(ValueError, match="dtype is int64; expected float64 or float32"):
        track(BASES, ROWS, "max", np.int64)


def test_wrong_sizes_are_refused_by_the_compiled_kernel():
    compiled = _dispatch.compiled()
    if compiled is None:
        pytest.skip("numpy kernels")

    def refused(message, function, *arguments):
        with pytest.raises(ValueError, match=message):
            function(*arguments)

    refused("out has 48 bytes; expected 56", compiled.track, BASES, ROWS, 0, np.zeros(6))
    refused("out has 32 bytes; expected 28", compiled.track, BASES, ROWS, 0, np.zeros(8, np.float32))
    refused("strand must be", compiled.track, BASES, ROWS, 2, np.zeros(7))
    refused("at least one row of four", compiled.track, BASES, np.zeros(3), 0, np.zeros(7))
    refused("at least one row of four", compiled.track, BASES, np.zeros(0), 0, np.zeros(7))
    refused("at most 1e100", compiled.track, BASES, np.full(4, np.nan), 0, np.zeros(9))

    def summary(message, offsets=CUTS, thresholds=LEVELS, **short):
        sizes = {
            "start": np.int64,
            "strand": np.int8,
            "score": np.float64,
            "hits": np.int64,
            "total": np.float64,
        }
        out = [np.zeros(short.get(name, 1), dtype) for name, dtype in sizes.items()]
        refused(message, compiled.summarise, BASES, offsets, ROWS, thresholds, 0, *out)

    for name in ("start", "strand", "score", "hits", "total"):
        summary(f"{name} has ", **{name: 2})
        summary(f"{name} has 0 bytes", **{name: 0})
    summary("offsets must hold", offsets=np.array([], np.int64))
    summary("offsets has 13 bytes; expected 8", offsets=np.zeros(13, np.uint8))
    summary("must ascend", offsets=np.array([0, 10]))
    summary("must ascend", offsets=np.array([9, 0]))
    summary("thresholds has 24 bytes", thresholds=np.zeros(3))
    summary("must not be NaN", thresholds=np.full(2, np.nan))


DRIVER = r"""
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ties.h"
#include "windows.h"

static uint64_t state = 1;
static uint64_t next(uint64_t below) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (state >> 33) % below;
}

/* Exact allocations, so that one byte beyond is seen. */
static void *room(size_t bytes) { return malloc(bytes ? bytes : 1); }

static int same(double a, double b) { return isnan(a) ? isnan(b) : a == b && signbit(a) == signbit(b); }

static double naive(const uint8_t *codes, size_t w, const double *scores, int minus) {
    double sum = 0;
    for (size_t j = 0; j < w; j++) {
        const uint8_t code = codes[minus ? w - 1 - j : j];
        if (code > 3) return NAN;
        sum += scores[4 * j + (minus ? 3 - code : code)];
    }
    return sum;
}

static void require(int good, const char *what, int round) {
    if (good) return;
    printf("%s differs in round %d\n", what, round);
    exit(1);
}

int main(void) {
    for (int round = 0; round < 1500; round++) {
        const size_t w = 1 + next(round % 3 ? 20 : 60), m = next(round % 4 ? 300 : 3200);
        const size_t windows = m < w ? 0 : m - w + 1, n = next(20);
        const int strand = (int)next(3) - 1;
        double *scores = room(4 * w * sizeof(double));
        for (size_t i = 0; i < 4 * w; i++)
            scores[i] = next(30) ? ((double)next(4000) - 2000) / (round % 2 ? 300 : 500) : -INFINITY;
        uint8_t *codes = room(m);
        for (size_t i = 0; i < m; i++) codes[i] = (uint8_t)(next(200) ? next(4) : next(256));
        double *wide = room(windows * sizeof(double));
        float *narrow = room(windows * sizeof(float));
        const struct seqnet_motif motif = {scores, w};
        require(!seqnet_track(codes, m, motif, strand, wide), "memory", round);
        require(!seqnet_track_float(codes, m, motif, strand, narrow), "memory", round);
        for (size_t i = 0; i < windows; i++) {
            const double plus = naive(codes + i, w, scores, 0), minus = naive(codes + i, w, scores, 1);
            const double score = strand > 0 ? plus : strand < 0 ? minus : plus > minus ? plus : minus;
            require(same(wide[i], score), "track", round);
            require(same(narrow[i], (float)score), "float track", round);
        }
        int64_t *offsets = room((n + 1) * sizeof(int64_t)), *start = room(n * 8), *hits = room(n * 8);
        int8_t *strands = room(n);
        double *score = room(n * 8), *total = room(n * 8);
        offsets[0] = (int64_t)next(m / 4 + 1);
        for (size_t i = 0; i < n; i++)
            offsets[i + 1] = offsets[i] + (int64_t)next((m - offsets[i]) / (n - i) * 2 + 1) / 2;
        const double level[2] = {(double)next(10), next(10) ? (double)next(10) : -INFINITY};
        const struct seqnet_summaries out = {start, strands, score, hits, total};
        require(!seqnet_summarise(codes, offsets, n, motif, strand, level, out), "memory", round);
        for (size_t i = 0; i < n; i++) {
            int64_t at = -1, count = 0;
            int which = 0;
            double best = NAN, sum = 0;
            for (int64_t k = offsets[i]; k + (int64_t)w <= offsets[i + 1]; k++)
                for (int minus = 0; minus < 2; minus++) {
                    const double s = seqnet_rounded(naive(codes + k, w, scores, minus));
                    if (isnan(s) || strand == (minus ? 1 : -1)) continue;
                    if (s >= level[minus]) { count++; sum += s; }
                    if (at >= 0 && s <= best) continue;
                    at = k - offsets[i]; which = minus ? -1 : 1; best = s;
                }
            require(at == start[i] && which == strands[i] && count == hits[i], "summary", round);
            require(same(best, score[i]) && same(sum, total[i]), "score or total", round);
        }
        free(scores); free(codes); free(wide); free(narrow); free(offsets);
        free(start); free(hits); free(strands); free(score); free(total);
    }
    puts("equal");
    return 0;
}
"""


@pytest.mark.slow
@pytest.mark.parametrize("kernels", ["c"], indirect=True)
@pytest.mark.parametrize("widest", [512, 256, 0])
def test_the_kernel_under_sanitizers_equals_the_loop(tmp_path, kernels, widest):
    gcc = shutil.which("gcc")
    if gcc is None:
        pytest.skip("no gcc")
    driver, program = tmp_path / "driver.c", tmp_path / "driver"
    driver.write_text(DRIVER)
    sanitizers = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
    command = [gcc, "-std=c11", "-g", "-O2", "-ffp-contract=off", f"-DSEQNET_WIDEST={widest}"]
    command += [*sanitizers, f"-I{KERNELS}"]
    probe = tmp_path / "probe.c"
    probe.write_text("int main(void) { return 0; }")
    if subprocess.run([*command, probe, "-o", program], capture_output=True, check=False).returncode:
        pytest.skip("no sanitizers")
    subprocess.run([*command, driver, KERNELS / "windows.c", "-lm", "-o", program], check=True)
    finished = subprocess.run([program], capture_output=True, text=True, check=False)
    assert (finished.stdout, finished.returncode) == ("equal\n", 0), finished.stderr
