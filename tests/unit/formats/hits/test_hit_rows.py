import io
from collections import Counter
from contextlib import contextmanager

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import false_discovery_control

from seqnet.formats.hits.hit_rows import HitWriter, rows_with_q, top_rows

PS = ["1e-07", "2.5e-06", "0.0001", "3e-05"]
hits = st.lists(
    st.tuples(st.sampled_from("ab"), st.sampled_from(PS), st.sampled_from(["1.000000", "9.500000", "10.250000"])),
    max_size=30,
)  # fmt: skip


def lines_of(rows):
    return [
        f"c\t{i}\t{i + 5}\t{name}\t1\t+\t{score}\t{p}\t.\tACGTA\t." for i, (name, p, score) in enumerate(rows)
    ]


def batches_of(lines, size):
    return [lines[i : i + size] for i in range(0, len(lines), size)]


def flat(batches):
    return [line for batch in batches for line in batch]


class Spool:
    """A spool in memory that knows whether it was closed."""

    def __init__(self):
        self.stream = io.BytesIO()

    @contextmanager
    def __call__(self):
        with self.stream:
            yield self.stream


@given(hits, st.integers(1, 6), st.integers(1, 7))
def test_the_top_are_each_motif_s_best_by_p_then_score_then_place(rows, most, size):
    lines = lines_of(rows)
    kept = []
    for motif in "ab":
        mine = [i for i, row in enumerate(rows) if row[0] == motif]
        kept += sorted(mine, key=lambda i: (float(rows[i][1]), -float(rows[i][2]), i))[:most]
    assert flat(top_rows(batches_of(lines, size), most)) == [lines[i] for i in sorted(kept)]


@given(hits, st.integers(1, 7), st.integers(0, 50), st.booleans(), st.sampled_from([None, 0.001, 0.02]))
def test_q_values_are_scipy_s_with_the_unreported_at_one(rows, size, more, pooled, limit):
    lines = lines_of(rows)
    windows = {name: sum(row[0] == name for row in rows) + more for name in "ab"}
    spool = Spool()
    found = flat(rows_with_q(batches_of(lines, size), windows, spool, pooled=pooled, limit=limit))
    expected = []
    q = np.empty(len(rows))
    for group in ["ab"] if pooled else ["a", "b"]:
        mine = [i for i, row in enumerate(rows) if row[0] in group]
        tests = sum(windows[name] for name in group)
        p = [float(rows[i][1]) for i in mine] + [1.0] * (tests - len(mine))
        q[mine] = false_discovery_control(p)[: len(mine)] if p else []
    for line, value in zip(lines, q.tolist(), strict=True):
        if limit is None or value <= limit:
            fields = line.split("\t")
            expected.append("\t".join([*fields[:8], f"{value:.6g}", *fields[9:]]))
    assert found == expected
    assert spool.stream.closed


def test_the_spool_is_closed_when_the_scan_fails():
    def failing():
        yield lines_of([("a", "1e-07", "1.000000")])
        raise OSError("the sequences end")

    spool = Spool()
    with pytest.raises(OSError, match="the sequences end"):
        flat(rows_with_q(failing(), {"a": 10}, spool))
    assert spool.stream.closed


def test_a_writer_counts_converts_and_hands_on():
    class Stream(io.BytesIO):
        flushes = 0

        def flush(self):
            self.flushes += 1

    stream = Stream()
    writer = HitWriter(stream, lambda fields: fields[3], live=True)
    writer.head("head\n")
    writer.write(lines_of([("a", "1", "1.0"), ("b", "1", "1.0"), ("a", "1", "1.0")]))
    writer.write([])
    assert stream.getvalue() == b"head\na\nb\na\n"
    assert writer.counts == {"a": 2, "b": 1}
    assert stream.flushes == 1


@pytest.mark.parametrize("live", [True, False])
def test_a_writer_hands_on_lines_that_are_bytes_already(live):
    class Stream(io.BytesIO):
        flushes = 0

        def flush(self):
            self.flushes += 1

    stream = Stream()
    writer = HitWriter(stream, None, live=live)
    writer.write_plain([b"one\ntwo\n", b"three\n"], Counter(a=2, b=1))
    writer.write_plain([], Counter())
    writer.write_plain([b"four\n"], Counter(a=1))
    assert stream.getvalue() == b"one\ntwo\nthree\nfour\n"
    assert writer.counts == {"a": 3, "b": 1}
    assert stream.flushes == (2 if live else 0)
    assert writer.plain
    assert not HitWriter(stream, "\t".join, live=live).plain


@pytest.mark.parametrize(
    ("rows", "limit", "expected"),
    [
        ([("a", "0.0001", "9.5")] * 3, 0.05, [(3, 1.0)]),
        ([("a", "0.0001", "9.5"), ("b", "1e-07", "10.0")], 0.05, []),
        ([], 0.05, [(0, None)]),
        ([("a", "0.0001", "9.5")], 1.0, []),
    ],
)
def test_a_limit_that_leaves_no_row_is_reported_with_the_smallest_q(rows, limit, expected):
    said = []
    windows = {"a": 10**6, "b": 1000}
    batches = [lines_of(rows)]
    flat(rows_with_q(batches, windows, Spool(), limit=limit, none_left=lambda *found: said.append(found)))
    assert said == expected


def test_a_q_value_that_is_the_limit_but_for_rounding_is_kept():
    assert 3 * 0.1 > 0.3
    lines = lines_of([("a", "0.1", "9.5")])
    assert len(flat(rows_with_q([lines], {"a": 3}, Spool(), limit=0.3))) == 1
    assert not flat(rows_with_q([lines], {"a": 3}, Spool(), limit=0.299))
