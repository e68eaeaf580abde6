"""bigWig files of many contigs, read by the index: the same values as through the library."""

import numpy as np
import pyBigWig
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqnet.errors import FormatError, SeqnetError
from seqnet.formats.tracks.bigwig import open_bigwig, write_bigwig
from seqnet.formats.tracks.bigwig_blocks import BlockIndex, _dense
from seqnet.formats.tracks.bigwig_worker import MANY, Worker
from seqnet.formats.tracks.track_checksum import Checksums, TrackChecksum, contig_summaries, value_bits


def written_by_library(path):
    """Write a file with runs, stepped and fixed blocks, of some contigs nothing."""
    generator = np.random.default_rng(1)
    lengths = {f"c{number:04}": int(generator.integers(60, 400)) for number in range(400)}
    with pyBigWig.open(str(path), "w") as file:
        file.addHeader(list(lengths.items()), maxZooms=2)
        for number, (name, length) in enumerate(lengths.items()):
            values = generator.normal(size=length // 10).tolist()
            starts = list(range(3, length - 9, 10))[: len(values)]
            values = values[: len(starts)]
            if number % 4 == 0:
                ends = [start + 1 + i % 10 for i, start in enumerate(starts)]
                file.addEntries([name] * len(starts), starts, ends=ends, values=values)
            elif number % 4 == 1:
                file.addEntries(name, starts, values=values, span=4)
            elif number % 4 == 2:
                file.addEntries(name, 5, values=values, span=3, step=7)
    return lengths


def written_by_seqnet(path):
    """Write a file of a few long and many short contigs, with gaps."""
    generator = np.random.default_rng(2)
    lengths = {f"c{number}": int(generator.integers(1, 90)) for number in range(MANY)}
    lengths["long"] = 30_000
    with write_bigwig(str(path), lengths, gaps=True) as writer:
        for number, (name, length) in enumerate(lengths.items()):
            values = np.round(generator.normal(size=length), 1)
            values[generator.random(length) < 0.3] = np.nan
            if number % 5:
                writer.add(name, 0, values)
    return lengths


@pytest.mark.parametrize("write", [written_by_library, written_by_seqnet])
def test_values_found_by_number_are_those_the_library_finds_by_name(tmp_path, write):
    path = tmp_path / "x.bw"
    write(path)
    index, generator = None, np.random.default_rng(3)
    with pyBigWig.open(str(path)) as file:
        lengths = file.chroms()
        index = BlockIndex(str(path), len(lengths))
        for number, (name, length) in enumerate(lengths.items()):
            start, end = sorted(generator.integers(0, length + 1, 2).tolist())
            for begin, stop in ((0, length), (start, end)):
                if begin < stop:
                    expected = file.values(name, begin, stop, numpy=True)
                    np.testing.assert_array_equal(index.values(number, begin, stop), expected)
        found = index.summaries(range(len(lengths)), list(lengths.values()))
        for (name, length), summary in zip(lengths.items(), found, strict=True):
            checksum = TrackChecksum()
            checksum.add_steps(0, value_bits(file.values(name, 0, length, numpy=True)), 1, length)
            assert checksum.summary(length) == summary
    index.close()


def random_places(generator, lengths, count):
    """Draw intervals of contigs, of some several: names, numbers, starts, ends."""
    names = list(lengths)
    numbers = generator.integers(0, len(names), count)
    pairs = [np.sort(generator.choice(lengths[names[i]] + 1, 2, replace=False)) for i in numbers]
    starts, ends = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    return [names[i] for i in numbers], numbers, starts, ends


@pytest.mark.parametrize("write", [written_by_library, written_by_seqnet])
@pytest.mark.parametrize("count", [1, 2, 500])
def test_values_of_many_intervals_are_those_of_each(tmp_path, write, count):
    path = tmp_path / "x.bw"
    lengths = write(path)
    lengths = {name: length for name, length in lengths.items() if length}
    names, numbers, starts, ends = random_places(np.random.default_rng(count), lengths, count)
    index = BlockIndex(str(path), len(lengths))
    found = index.values_of(numbers, starts, ends)
    places = list(zip(numbers.tolist(), starts.tolist(), ends.tolist(), strict=True))
    np.testing.assert_array_equal(found, np.concatenate([index.values(*place) for place in places]))
    index.close()
    with open_bigwig(str(path)) as reader, pyBigWig.open(str(path)) as file:
        places = list(zip(names, starts.tolist(), ends.tolist(), strict=True))
        expected = np.concatenate([file.values(*place, numpy=True) for place in places])
        np.testing.assert_array_equal(found, expected)
        np.testing.assert_array_equal(reader.values_of(names, starts, ends), expected)


@pytest.mark.parametrize("together", [1, 1500, 1 << 20])
def test_one_request_for_many_intervals_is_as_one_for_each(tmp_path, monkeypatch, together):
    monkeypatch.setattr("seqnet.formats.tracks.bigwig._TOGETHER", together)
    path = tmp_path / "x.bw"
    lengths = written_by_seqnet(path)
    names, _, starts, ends = random_places(np.random.default_rng(4), lengths, 100)
    with open_bigwig(str(path)) as reader:
        places = zip(names, starts.tolist(), ends.tolist(), strict=True)
        expected = np.concatenate([reader.values(*place) for place in places])
        np.testing.assert_array_equal(reader.values_of(names, starts, ends), expected)
        nothing = np.empty(0, np.int64)
        assert reader.values_of([], nothing, nothing).shape == (0,)
        with pytest.raises(SeqnetError, match="cannot read c3:0-999; the file has"):
            reader.values_of(["c2", "c3"], np.array([0, 0]), np.array([1, 999]))
        np.testing.assert_array_equal(reader.values_of(names, starts, ends), expected)


def test_blocks_that_cannot_be_laid_out_together_are_read_one_by_one(tmp_path, monkeypatch):
    path = tmp_path / "x.bw"
    lengths = written_by_seqnet(path)
    worker = Worker()
    worker.open(str(path))
    sizes = [lengths[f"c{number}"] for number in range(20)]
    request = list(range(20)), [0] * 20, sizes
    expected = worker.several(*request)

    def refuse(*_):
        raise ValueError("its values overlap")

    monkeypatch.setattr(BlockIndex, "values_of", refuse)
    np.testing.assert_array_equal(worker.several(*request), expected)
    worker.close()


@pytest.mark.parametrize("runs", [([0, 2], [3, 5]), ([4, 0], [5, 1])])
def test_overlapping_or_unsorted_runs_are_not_laid_out_together(runs):
    with pytest.raises(ValueError, match="overlap"):
        _dense(*map(np.array, runs), np.ones(2, np.float32), 6)


def test_many_contigs_are_read_back_in_any_order(tmp_path):
    path = tmp_path / "x.bw"
    lengths = written_by_seqnet(path)
    with open_bigwig(str(path)) as reader, pyBigWig.open(str(path)) as file:
        assert reader.lengths == lengths
        for name in reversed(lengths):
            expected = file.values(name, 0, lengths[name], numpy=True)
            np.testing.assert_array_equal(reader.values(name, 0, lengths[name]), expected)


def test_damage_in_a_file_of_many_contigs_is_an_error_that_names_the_file(tmp_path):
    path = tmp_path / "x.bw"
    lengths = written_by_seqnet(path)
    with pyBigWig.open(str(path)) as file:
        assert file.isBigWig()
    data = bytearray(path.read_bytes())
    first = int.from_bytes(data[16:24], "little") + 8  # behind the number of blocks
    data[first + 20 : first + 40] = bytes(20)
    path.write_bytes(data)
    with open_bigwig(str(path)) as reader, pytest.raises(FormatError, match=r"x\.bw: is damaged at c1"):
        for name, length in lengths.items():
            reader.values(name, 0, length)


@given(st.lists(st.lists(st.sampled_from([0.0, 1.0, 2.5, np.nan]), min_size=1, max_size=12), max_size=6))
def test_checksums_of_many_contigs_are_those_of_each(contigs):
    expected, columns, sizes = [], ([], [], []), []
    for values in contigs:
        dense = np.array(values, dtype=np.float32)
        checksum = TrackChecksum()
        checksum.add_steps(0, value_bits(dense), 1, len(dense))
        expected.append(checksum.summary(len(dense)))
        there = np.flatnonzero(~np.isnan(dense))
        sizes.append(len(there))
        for column, part in zip(columns, (there, there + 1, dense[there]), strict=True):
            column.extend(part.tolist())
    starts, ends = (np.array(column, dtype=np.int64) for column in columns[:2])
    bits = value_bits(np.array(columns[2], dtype=np.float32))
    lengths = np.array([len(values) for values in contigs], dtype=np.int64)
    assert contig_summaries(starts, ends, bits, np.array(sizes, dtype=np.int64), lengths) == expected


def test_values_before_a_damaged_contig_are_read(tmp_path):
    path = tmp_path / "x.bw"
    lengths = written_by_seqnet(path)
    names = list(lengths)
    with open_bigwig(str(path)) as reader:
        expected = {name: reader.values(name, 0, length) for name, length in lengths.items()}
    index = BlockIndex(str(path), len(lengths))
    offset = int(index._blocks["offset"][np.searchsorted(index._blocks["contig"], 7)])
    index.close()
    data = bytearray(path.read_bytes())
    data[offset + 10 : offset + 15] = bytes(5)
    path.write_bytes(data)
    with open_bigwig(str(path)) as reader:
        for name in names[:7]:
            np.testing.assert_array_equal(reader.values(name, 0, lengths[name]), expected[name])
        with pytest.raises(FormatError, match=r"x\.bw: is damaged at c7"):
            reader.values("c7", 0, lengths["c7"])
        np.testing.assert_array_equal(reader.values("c8", 0, lengths["c8"]), expected["c8"])
        ends = np.array([lengths[name] for name in names])
        whole = reader.values_of(names[:7], np.zeros(7, np.int64), ends[:7])
        np.testing.assert_array_equal(whole, np.concatenate([expected[name] for name in names[:7]]))
        with pytest.raises(FormatError, match=r"x\.bw: is damaged at c7"):
            reader.values_of(names[2:20], np.zeros(18, np.int64), ends[2:20])


@given(
    st.lists(
        st.lists(st.lists(st.integers(1, 3), min_size=1, max_size=5), min_size=1, max_size=3), max_size=6
    ),
    st.integers(1, 4),
    st.integers(1, 5),
)
def test_checksums_do_not_depend_on_what_is_taken_in_together(contigs, short, parts):
    lengths = {f"c{number}": 40 for number in range(len(contigs))}
    expected, patch = {}, pytest.MonkeyPatch()
    with patch.context() as patched:
        patched.setattr("seqnet.formats.tracks.track_checksum.SHORT", short)
        patched.setattr("seqnet.formats.tracks.track_checksum._PARTS", parts)
        checksums = Checksums(lengths)
        for name, pieces in zip(lengths, contigs, strict=True):
            alone, start = TrackChecksum(), 1
            for number, piece in enumerate(pieces):
                bits = value_bits(np.array(piece, dtype=np.float32))
                starts = start + np.arange(len(piece))
                if number % 2 and len(piece) > short:
                    checksums.add_steps(name, start, bits, 1, start + len(piece))
                else:
                    checksums.add_runs(name, starts, starts + 1, bits)
                alone.add_runs(starts, starts + 1, bits)
                start += len(piece) + number
            expected[name] = alone.summary(40)
        assert checksums.summaries() == expected
