import os

import numpy as np
import pyBigWig
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqnet.errors import FormatError, SeqnetError
from seqnet.formats import _bigwig_worker
from seqnet.formats.bigwig import open_bigwig, write_bigwig

LENGTHS = {"chr2": 130, "chr1": 57}


def dense(path, contig, length):
    with pyBigWig.open(str(path)) as file:
        return np.array(file.values(contig, 0, length), dtype=np.float32)


values = st.one_of(st.just(float("nan")), st.floats(-1e6, 1e6, width=32))


@settings(max_examples=25)
@given(
    st.lists(values, min_size=1, max_size=57),
    st.lists(values, max_size=30),
    st.sampled_from([1, 3, 10]),
    st.integers(1, 20),
)
def test_what_is_written_is_what_every_reader_reads(tmp_path, first, second, step, cut):
    data = {"chr2": first[: -(-130 // step)], "chr1": second[: -(-57 // step)]}
    path = tmp_path / "x.bw"
    if not any(v == v for column in data.values() for v in column):
        return
    with write_bigwig(str(path), LENGTHS) as writer:
        for contig, column in data.items():
            for start in range(0, len(column), cut):
                writer.add(contig, start * step, np.array(column[start : start + cut]), step)
    for contig, column in data.items():
        expected = np.full(LENGTHS[contig], np.nan, dtype=np.float32)
        repeated = np.repeat(np.array(column, dtype=np.float32), step)[: LENGTHS[contig]]
        expected[: len(repeated)] = repeated
        if contig in pyBigWig.open(str(path)).chroms():
            np.testing.assert_array_equal(dense(path, contig, LENGTHS[contig]), expected)
        with open_bigwig(str(path)) as reader:
            assert reader.lengths == LENGTHS
            found = reader.values(contig, 5, LENGTHS[contig])
        np.testing.assert_array_equal(found, expected[5:])


def test_many_gaps_and_many_values(tmp_path):
    generator = np.random.default_rng(0)
    column = generator.normal(size=5000).astype(np.float32)
    column[generator.random(5000) < 0.4] = np.nan
    path = tmp_path / "x.bw"
    with write_bigwig(str(path), {"c": 5000}) as writer:
        writer.add("c", 0, column[:3000])
        writer.add("c", 3000, column[3000:])
    np.testing.assert_array_equal(dense(path, "c", 5000), column)
    assert (writer.covered, writer.gaps) == (int((~np.isnan(column)).sum()), int(np.isnan(column).sum()))


@pytest.mark.parametrize(
    ("contig", "start", "column", "message"),
    [
        ("chr1", 0, [1, np.inf], "the value at chr1:1 is infinite"),
        ("chr1", 0, [1e300], "the value at chr1:0 is infinite"),
        ("chr1", 56, [1, 2], "chr1:56 and on lies outside the chromosome"),
        ("chr1", -1, [1], "lies outside"),
        ("chrX", 0, [1], "lies outside"),
        ("chr2", 100, [1], "chr2:100 comes after a later position"),
        ("chr1", 3, [1], "chr1:3 comes after a later position"),
    ],
)
def test_what_may_not_stand_in_a_bigwig_is_refused(tmp_path, contig, start, column, message):
    path = tmp_path / "x.bw"
    with (
        np.errstate(over="ignore"),
        pytest.raises(SeqnetError, match=message),
        write_bigwig(str(path), LENGTHS) as writer,
    ):
        if "later position" in message:
            writer.add("chr1", 0, np.ones(5))
        writer.add(contig, start, np.array(column))
    assert os.listdir(tmp_path) == []


def test_a_file_without_a_value_is_an_error(tmp_path):
    path = tmp_path / "x.bw"
    with (
        pytest.raises(SeqnetError, match="there is no value to write"),
        write_bigwig(str(path), LENGTHS) as writer,
    ):
        writer.add("chr2", 0, np.full(4, np.nan))
        writer.add("chr2", 4, np.empty(0))
    assert not path.exists()


def test_asking_outside_the_file_is_an_error(tmp_path):
    path = tmp_path / "x.bw"
    with write_bigwig(str(path), LENGTHS) as writer:
        writer.add("chr2", 0, np.ones(5))
    with open_bigwig(str(path)) as reader:
        for contig, start, end in (("chr2", 0, 131), ("chr2", -1, 5), ("chr2", 5, 5), ("chrX", 0, 1)):
            with pytest.raises(SeqnetError, match="the file has"):
                reader.values(contig, start, end)


@pytest.mark.parametrize("data", [b"", b"not a bigwig", b"\x26\xfc\x8f\x88" + b"\xff" * 500])
def test_other_files_are_refused(tmp_path, data):
    path = tmp_path / "x.bw"
    path.write_bytes(data)
    with pytest.raises(FormatError, match=r"x\.bw: "), open_bigwig(str(path)):
        pass
    with pytest.raises(FileNotFoundError), open_bigwig(str(tmp_path / "none.bw")):
        pass


def test_a_file_that_reads_back_otherwise_is_noticed(tmp_path):
    worker = _bigwig_worker.Worker()
    worker.create(str(tmp_path / "x.bw"), [("c", 100)])
    worker.add("c", 0, 1, 50, np.arange(50, dtype=np.float32))
    worker._written["c"].checksum ^= 1
    with pytest.raises(RuntimeError, match="c does not read back as written"):
        worker.close()


def test_the_death_of_the_worker_is_an_error_of_the_file(tmp_path):
    path = tmp_path / "x.bw"
    with write_bigwig(str(path), LENGTHS) as writer:
        writer.add("chr2", 0, np.ones(5))
    with open_bigwig(str(path)) as reader:
        reader._worker._process.kill()
        with pytest.raises(FormatError, match="the bigWig library crashed on this file"):
            reader.values("chr2", 0, 5)
