import io

import numpy as np

from seqnet.formats.tracks.bedgraph import BedGraphWriter


def test_contigs_are_written_as_a_line_for_each_interval(monkeypatch):
    monkeypatch.setattr("seqnet.formats.tracks.bedgraph._ROWS", 3)
    names, sizes = ["a", "b", "empty", "c"], np.array([2, 5, 0, 1])
    starts = np.array([0, 4, 0, 1, 2, 3, 8, 7])
    ends, values = starts + 1, np.array([1, 2.5, 3, 0, 1e-9, 4, 1e6, 7], dtype=np.float32)
    stream = io.BytesIO()
    BedGraphWriter(stream, b"#head\n").add_contigs(names, sizes, starts, ends, values)
    lines = stream.getvalue().decode().splitlines()
    assert lines[0] == "#head"
    rows = [line.split("\t") for line in lines[1:]]
    expected = zip(np.repeat(names, sizes).tolist(), starts.tolist(), ends.tolist(), strict=True)
    assert [(name, int(start), int(end)) for name, start, end, _ in rows] == list(expected)
    np.testing.assert_array_equal(np.array([row[3] for row in rows], dtype=np.float32), values)


def test_nothing_is_written_without_an_interval():
    stream, nothing = io.BytesIO(), np.empty(0, dtype=np.int64)
    writer = BedGraphWriter(stream, b"#head\n")
    writer.add_contigs(["a"], np.zeros(1, np.int64), nothing, nothing, nothing.astype(np.float32))
    assert stream.getvalue() == b""
