import os
import shutil
import subprocess
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from seqnet.kernels import _dispatch
from seqnet.kernels.screen import Found, find, prepare, prepare_for
from seqnet.motifs.scan import reverse_window_scores, window_scores
from tests.conftest import ROOT

KINDS = _dispatch.available()
BORDERS = (0, 1, 63, 64, 127, 128, 129, 5000, 16383, 16384, 16385, 16384 + 130, 32768, 65535, 65536, 65537)
kinds = pytest.mark.parametrize("kind", KINDS)


def loop_score(matrix, window, minus):
    """The definition, letter by letter."""
    total = 0.0
    for column, row in enumerate(matrix):
        code = window[-1 - column] if minus else window[column]
        if code > 3:
            return float("nan")
        total += row[3 - code if minus else code]
    return total


def naive(matrices, thresholds, codes, starts):
    """Every window of every motif on both strands, sorted."""
    rows = []
    codes = codes.tolist()
    for motif, (matrix, limits) in enumerate(zip(matrices, thresholds, strict=True)):
        rows_of_matrix = matrix.tolist()
        for start in range(min(starts, len(codes) - len(matrix) + 1)):
            window = codes[start : start + len(matrix)]
            for minus in (0, 1):
                score = loop_score(rows_of_matrix, window, minus)
                if score >= limits[minus]:
                    rows.append((start, start + len(matrix), motif, minus, score))
    rows.sort()
    return [(start, motif, -1 if minus else 1, score) for start, _, motif, minus, score in rows]


def by_columns(matrices, thresholds, codes, starts):
    """The same from whole columns of window scores, for longer sequences."""
    parts = []
    masked = np.minimum(codes, 4)
    for motif, (matrix, limits) in enumerate(zip(matrices, thresholds, strict=True)):
        for minus, scores in enumerate(
            (window_scores(masked, matrix), reverse_window_scores(masked, matrix))
        ):
            place = np.flatnonzero(scores[:starts] >= limits[minus])
            same = np.ones(len(place), dtype=np.int64)
            parts.append((place, place + len(matrix), motif * same, minus * same, scores[place]))
    start, end, motif, minus, score = (np.concatenate(part) for part in zip(*parts, strict=True))
    order = np.lexsort((minus, motif, end, start))
    return list(
        zip(
            start[order].tolist(), motif[order].tolist(), (1 - 2 * minus[order]).tolist(),
            score[order].tolist(), strict=True,
        )
    )  # fmt: skip


def rows_of(found):
    return list(zip(*(column.tolist() for column in found), strict=True))


def random_codes(generator, length, unknown):
    codes = generator.integers(0, 4, length).astype(np.uint8)
    codes[generator.random(length) < unknown] = 4
    return codes


def random_matrix(generator, width, style):
    if style == "coarse":  # many exact ties
        return generator.integers(-4, 3, (width, 4)).astype(float)
    if style == "holes":
        scores = generator.normal(0, 2, (width, 4))
        scores[generator.random((width, 4)) < 0.3] = -np.inf
        return scores
    if style == "equal":
        return np.full((width, 4), 0.1)
    if style == "wide range":
        return generator.normal(0, 1, (width, 4)) * 10.0 ** generator.integers(-8, 8, (width, 1))
    return np.log2(generator.dirichlet([0.3] * 4, width) * 4 + 1e-3)


def random_threshold(generator, matrix, codes):
    """A limit that matters: a score that occurs, its neighbours, the maximum, quantiles, infinities."""
    scores = np.concatenate([window_scores(codes, matrix), reverse_window_scores(codes, matrix)])
    known = scores[np.isfinite(scores)]
    best = matrix.max(axis=1).sum()
    choice = generator.integers(0, 9)
    if choice == 0 or not len(known):
        return float(generator.choice([np.inf, -np.inf, best, np.nextafter(best, np.inf), best + 1, 0.0]))
    some = float(generator.choice(known))
    return [some, np.nextafter(some, -np.inf), np.nextafter(some, np.inf), known.max(), best,
            np.quantile(known, 0.5), np.quantile(known, 0.99), known.min()][choice - 1]  # fmt: skip


styles = st.sampled_from(["real", "coarse", "holes", "equal", "wide range"])


@kinds
@given(
    st.lists(st.tuples(st.integers(1, 60), styles), min_size=1, max_size=4),
    st.integers(0, 400),
    st.sampled_from([0, 0.01, 0.3, 1]),
    st.integers(0, 10**6),
)
def test_any_motifs_equal_the_loop(kind, motifs, length, unknown, seed):
    generator = np.random.default_rng(seed)
    codes = random_codes(generator, length, unknown)
    matrices = [random_matrix(generator, width, style) for width, style in motifs]
    thresholds = np.array([[random_threshold(generator, m, codes) for _ in "+-"] for m in matrices])
    starts = int(generator.integers(0, length + 3))
    found = find(prepare_for(kind, matrices, thresholds), codes, starts)
    assert rows_of(found) == naive(matrices, thresholds, codes, starts)


@kinds
@settings(max_examples=25)
@given(
    st.sampled_from(BORDERS),
    st.integers(-3, 3),
    st.lists(st.tuples(st.integers(1, 60), styles), min_size=1, max_size=3),
    st.integers(0, 10**6),
)
@example(65536, 0, [(1, "equal"), (60, "coarse")], 0)
def test_block_borders_equal_the_columns(kind, length, more, motifs, seed):
    generator = np.random.default_rng(seed)
    codes = random_codes(generator, max(length + more, 0), generator.choice([0, 1e-3]))
    codes[: generator.integers(0, len(codes) + 1)] = generator.integers(0, 5)  # a run over whole blocks
    matrices = [random_matrix(generator, width, style) for width, style in motifs]
    thresholds = np.array([[random_threshold(generator, m, codes) for _ in "+-"] for m in matrices])
    starts = len(codes) - int(generator.integers(0, 2)) * min(len(codes), 20)
    found = find(prepare_for(kind, matrices, thresholds), codes, starts)
    assert rows_of(found) == by_columns(matrices, thresholds, codes, starts)


@pytest.mark.parametrize("width", [61, 400, 2500])
@kinds
def test_motifs_of_any_width(kind, width):
    generator = np.random.default_rng(width)
    codes = random_codes(generator, 20_000, 0)
    matrix = random_matrix(generator, width, "coarse")
    codes[7 : 7 + width] = matrix.argmax(axis=1)
    codes[-width:] = 3 - matrix.argmax(axis=1)[::-1]
    limits = np.full((2, 2), matrix.max(axis=1).sum() - 9)
    found = find(prepare_for(kind, [matrix, matrix[: width // 2]], limits), codes, len(codes))
    expected = by_columns([matrix, matrix[: width // 2]], limits, codes, len(codes))
    assert rows_of(found) == expected
    assert {(7, 0, 1), (20_000 - width, 0, -1)} <= {row[:3] for row in expected}


@kinds
def test_every_window_may_be_a_hit(kind):
    generator = np.random.default_rng(0)
    codes = random_codes(generator, 70_000, 1e-4)
    matrices = [random_matrix(generator, width, "real") for width in (9, 6, 9, 1)]
    always = np.full((4, 2), -np.inf)
    found = find(prepare_for(kind, matrices, always), codes, len(codes))
    assert rows_of(found) == by_columns(matrices, always, codes, len(codes))
    assert len(found.start) > 500_000


@kinds
def test_infinite_thresholds(kind):
    matrix = np.array([[1.0, -np.inf, 0, 0], [-np.inf] * 4])
    codes = np.array([0, 1, 2, 3, 4, 0, 1], dtype=np.uint8)

    def hits(scores, plus, minus):
        return len(find(prepare_for(kind, [scores], np.array([[plus, minus]])), codes, 7).start)

    assert hits(matrix, -np.inf, np.inf) == 4
    assert hits(matrix, np.inf, -np.inf) == 4
    assert hits(matrix, -1e308, -1e308) == 0
    assert hits(matrix[:1], -1e308, np.inf) == 4
    assert hits(np.full((2, 4), 1e308), 0, 0) == 8  # the sum overflows to inf
    assert hits(np.full((2, 4), -1e308), -np.inf, -1e308) == 4
    assert hits(np.full((2, 4), 5e-324), 1e-323, 1.5e-323) == 4


@kinds
def test_no_budget_keeps_the_best_word_only(kind):
    matrix = np.array([[0.1, 0, 0, 0], [0, 0.2, 0, 0], [0, 0, 0.3, 0]])
    best = (0.1 + 0.2) + 0.3
    codes = np.array([0, 1, 2, 0, 1, 3, 1, 1, 2], dtype=np.uint8)
    for limit, expected in ((best, [(0, 0, 1, best)]), (np.nextafter(best, 1), []), (best + 1, [])):
        found = find(prepare_for(kind, [matrix], np.array([[limit, np.inf]])), codes, 9)
        assert rows_of(found) == expected


@kinds
def test_hits_at_both_ends_beside_n_and_as_long_as_the_motif(kind):
    matrix = np.eye(4)[[0, 0, 2, 3, 1]]
    word = [0, 0, 2, 3, 1]
    screen = prepare_for(kind, [matrix], np.array([[5.0, 5.0]]))
    back = [3 - code for code in word[::-1]]
    codes = np.array([*word, 4, *back, 4, 4, *word], dtype=np.uint8)
    assert rows_of(find(screen, codes, len(codes))) == [(0, 0, 1, 5.0), (6, 0, -1, 5.0), (13, 0, 1, 5.0)]
    assert rows_of(find(screen, codes[:5], 5)) == [(0, 0, 1, 5.0)]
    assert rows_of(find(screen, codes[:4], 4)) == []
    assert rows_of(find(screen, codes, 13)) == [(0, 0, 1, 5.0), (6, 0, -1, 5.0)]
    assert rows_of(find(screen, codes, 0)) == []


@kinds
@given(st.integers(5, 255), st.integers(0, 2**20))
def test_larger_codes_are_ambiguous(kind, code, seed):
    generator = np.random.default_rng(seed)
    codes = random_codes(generator, 300, 0.1)
    matrices = [random_matrix(generator, width, "real") for width in (1, 7, 8, 9)]
    limits = np.tile([-3.0, 1.0], (4, 1))
    screen = prepare_for(kind, matrices, limits)
    odd = np.where(codes == 4, code, codes).astype(np.uint8)
    assert rows_of(find(screen, odd, 300)) == rows_of(find(screen, codes, 300))


@given(st.integers(0, 10**6), st.integers(1, 40))
def test_all_kernels_agree_to_the_bit(seed, motifs):
    generator = np.random.default_rng(seed)
    codes = random_codes(generator, 3000, 0.001)
    matrices = [random_matrix(generator, int(w), "real") for w in generator.integers(1, 30, motifs)]
    limits = np.array([[m.max(axis=1).sum() * 0.6] * 2 for m in matrices])
    results = [find(prepare_for(kind, matrices, limits), codes, 2990) for kind in KINDS]
    for other in results[1:]:
        assert all(np.array_equal(a, b) for a, b in zip(results[0], other, strict=True))


def test_equal_starts_come_by_end_then_motif_then_strand():
    codes = np.zeros(3, dtype=np.uint8)
    palindromic = [np.zeros((width, 4)) for width in (2, 1, 2)]
    found = find(prepare(palindromic, np.zeros((3, 2))), codes, 1)
    assert found.motif.tolist() == [1, 1, 0, 0, 2, 2]
    assert found.strand.tolist() == [1, -1] * 3
    assert [column.dtype for column in found] == [np.int64, np.int32, np.int8, np.float64]


@kinds
def test_no_motifs_and_no_sequence(kind):
    empty = find(prepare_for(kind, [], np.empty((0, 2))), np.zeros(10, np.uint8), 10)
    assert isinstance(empty, Found)
    assert rows_of(empty) == []
    screen = prepare_for(kind, [np.zeros((3, 4))], np.zeros((1, 2)))
    assert rows_of(find(screen, np.empty(0, np.uint8), 5)) == []


@kinds
def test_strided_and_read_only_codes(kind):
    codes = np.arange(40, dtype=np.uint8) % 4
    screen = prepare_for(kind, [np.eye(4)[[0, 2]]], np.array([[2.0, 2.0]]))
    expected = rows_of(find(screen, codes[::2].copy(), 20))
    codes.flags.writeable = False
    assert expected
    assert rows_of(find(screen, codes[::2], 20)) == expected


@kinds
def test_threads_may_share_a_screen(kind):
    generator = np.random.default_rng(3)
    codes = random_codes(generator, 100_000, 0)
    screen = prepare_for(kind, [random_matrix(generator, 8, "real")] * 3, np.full((3, 2), 4.0))
    expected = rows_of(find(screen, codes, len(codes)))
    results = []
    threads = [
        threading.Thread(target=lambda: results.append(rows_of(find(screen, codes, len(codes)))))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [expected] * 4


@kinds
def test_what_was_prepared_does_not_change(kind):
    matrix, limits = np.eye(4)[[0]], np.array([[1.0, 9.0]])
    screen = prepare_for(kind, [matrix], limits)
    matrix[:], limits[:] = 5, -5
    assert rows_of(find(screen, np.array([0, 1], np.uint8), 2)) == [(0, 0, 1, 1.0)]
    with pytest.raises(ValueError, match="read-only"):
        screen.matrices[0][:] = 0


@kinds
@pytest.mark.parametrize(
    ("matrices", "thresholds", "message"),
    [
        ([np.zeros((3, 5))], np.zeros((1, 2)), "4 columns"),
        ([np.zeros((0, 4))], np.zeros((1, 2)), "at least one row"),
        ([np.zeros(4)], np.zeros((1, 2)), "4 columns"),
        ([np.array([[0, np.nan, 0, 0]])], np.zeros((1, 2)), "finite or -inf"),
        ([np.array([[0, np.inf, 0, 0]])], np.zeros((1, 2)), "finite or -inf"),
        ([np.zeros((3, 4))], np.zeros((1, 3)), "1 x 2"),
        ([np.zeros((3, 4))], np.zeros((2, 2)), "1 x 2"),
        ([np.zeros((3, 4))], np.array([[0, np.nan]]), "1 x 2 numbers"),
    ],
)
def test_wrong_motifs_are_refused(kind, matrices, thresholds, message):
    with pytest.raises(ValueError, match=message):
        prepare_for(kind, matrices, thresholds)


@kinds
def test_wrong_sequences_are_refused(kind):
    screen = prepare_for(kind, [np.zeros((3, 4))], np.zeros((1, 2)))
    with pytest.raises(ValueError, match="vector of uint8"):
        find(screen, np.zeros(5), 5)
    with pytest.raises(ValueError, match="vector of uint8"):
        find(screen, np.zeros((5, 5), np.uint8), 5)
    with pytest.raises(ValueError, match="negative"):
        find(screen, np.zeros(5, np.uint8), -1)


def test_wrong_sizes_are_refused_by_the_compiled_kernel():
    compiled = _dispatch.compiled()
    if compiled is None:
        pytest.skip("numpy kernels")
    three, limits = np.array([3]), np.zeros(2)
    screen = compiled.screen_prepare("c", three, np.zeros(12), limits)
    assert [memoryview(part).nbytes for part in compiled.screen_find(screen, bytes(3), 3)] == [16, 8, 2, 16]
    for arguments, message in (
        (("fortran", three, np.zeros(12), limits), "kind fortran"),
        (("c", bytes(7), np.zeros(12), limits), "widths has 7 bytes"),
        (("c", three, np.zeros(11), limits), "scores has 88 bytes; expected 64"),
        (("c", three, np.zeros(12), np.zeros(3)), "thresholds has 24 bytes; expected 16"),
        (("c", three, np.zeros(8), limits), "widths must"),
        (("c", three, np.zeros(16), limits), "widths must"),
        (("c", np.array([0]), np.zeros(0), limits), "widths must"),
        (("c", np.array([-1]), np.zeros(12), limits), "widths must"),
        (("c", np.array([2**62, 2**62]), np.zeros(12), np.zeros(4)), "widths must"),
    ):
        with pytest.raises(ValueError, match=message):
            compiled.screen_prepare(*arguments)
    for starts in (-1, 4):
        with pytest.raises(ValueError, match="starts must lie"):
            compiled.screen_find(screen, bytes(3), starts)
    with pytest.raises(ValueError, match="PyCapsule"):
        compiled.screen_find("no capsule", bytes(3), 3)


@pytest.mark.slow
def test_random_inputs_under_the_sanitizers(tmp_path):
    """Compile the kernels beside a driver that checks them against a loop, and run it."""
    compiler = shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        pytest.skip("no C compiler")
    folder = ROOT / "seqnet" / "kernels" / "src"
    program = tmp_path / "fuzz_screen"
    command = [compiler, "-std=c11", "-O1", "-g", "-ffp-contract=off", "-I", folder, "-o", program]
    sanitizers = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
    trial = tmp_path / "trial.c"
    trial.write_text("int main(void) { return 0; }\n")
    if subprocess.run([compiler, *sanitizers, trial, "-o", tmp_path / "trial"], check=False).returncode:
        pytest.skip("no sanitizers")
    sources = [*sorted(folder.glob("screen*.c")), Path(__file__).with_name("fuzz_screen.c")]
    warnings = ["-Wall", "-Wextra", "-Werror"]
    subprocess.run([*command, *warnings, *sanitizers, *sources, "-lm"], check=True)
    # Python's own allocations are not ours to judge
    environment = {**os.environ, "ASAN_OPTIONS": "detect_leaks=1"}
    done = subprocess.run([program, "1", "600"], capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    assert "600 rounds" in done.stdout
