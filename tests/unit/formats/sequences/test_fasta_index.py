import gzip
import os
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import pysam
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqnet.formats.sequences import fasta_index
from seqnet.formats.sequences.fasta import read_genome
from seqnet.formats.sequences.fasta_index import (
    IndexedRecord,
    IndexMisfitError,
    open_indexed,
    read_index,
    stretches_pay,
)

RNG = np.random.default_rng(3)
RECORDS = {
    name: "".join(RNG.choice(list("ACGTacgtNRn"), length))
    for name, length in (("b", 1234), ("a|1", 60), ("c", 61), ("d", 1), ("e", 20_000))
}


def fasta_text(width=60, ending="\n"):
    lines = []
    for name, bases in RECORDS.items():
        lines += [f">{name} some words", *(bases[i : i + width] for i in range(0, len(bases), width))]
    return ending.join(lines) + ending


def write_indexed(folder, text, compressed=False):
    """Write FASTA and the index that samtools makes of it."""
    plain = folder / "g.fa"
    plain.write_bytes(text.encode())
    if not compressed:
        pysam.faidx(str(plain))
        return str(plain)
    path = f"{plain}.gz"
    pysam.tabix_compress(str(plain), path, force=True)
    pysam.faidx(path)
    return path


def edit_index(path, edit):
    with Path(path + ".fai").open() as stream:
        rows = [line.rstrip("\n").split("\t") for line in stream]
    edit(rows)
    with Path(path + ".fai").open("w") as stream:
        stream.writelines("\t".join(row) + "\n" for row in rows)


def fetch_all(path, soft_mask="ignore"):
    """Every record by the index, in odd pieces."""
    records = read_index(path)
    found = {}
    with open_indexed(path, records) as indexed:
        for name, record in records.items():
            cuts = sorted({0, 1, 59, 60, 61, 700, record.length})
            cuts = [cut for cut in cuts if cut <= record.length]
            pieces = [indexed.fetch(name, start, end, soft_mask) for start, end in pairwise(cuts)]
            found[name] = np.concatenate([np.empty(0, np.uint8), *pieces])
    return found


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("width", [1, 59, 60, 30_000])
@pytest.mark.parametrize("soft_mask", ["ignore", "mask"])
def test_what_an_index_gives_is_what_the_stream_gives(tmp_path, compressed, ending, width, soft_mask):
    path = write_indexed(tmp_path, fasta_text(width, ending), compressed)
    genome = read_genome(path, soft_mask=soft_mask)
    found = fetch_all(path, soft_mask)
    assert list(found) == list(genome.codes)
    assert all((found[name] == codes).all() for name, codes in genome.codes.items())
    assert {name: record.length for name, record in read_index(path).items()} == genome.lengths


@given(st.integers(0, 19_999), st.integers(1, 3000), st.integers(1, 100))
def test_any_stretch_of_a_line_width(tmp_path, start, length, width):
    path = write_indexed(tmp_path, fasta_text(width))
    end = min(start + length, 20_000)
    records = read_index(path)
    with open_indexed(path, records) as indexed:
        assert (indexed.fetch("e", start, end) == read_genome(path).codes["e"][start:end]).all()
        with pytest.raises(IndexError):
            indexed.fetch("e", start, 20_001)


def test_the_last_line_may_be_without_an_end_and_blank_lines_may_stand_between(tmp_path):
    path = write_indexed(tmp_path, "\n".join([">x", "ACGT", "AC", "", ">y", "GGGG", "T"]))
    assert {name: codes.tolist() for name, codes in fetch_all(path).items()} == {
        "x": [0, 1, 2, 3, 0, 1],
        "y": [2, 2, 2, 2, 3],
    }


def test_a_record_without_bases_is_known_where_the_index_has_it(tmp_path):
    path = write_indexed(tmp_path, ">x\nACGT\n>none\n>y\nGG\n")
    with pytest.raises(IndexMisfitError, match="does not have y"):  # samtools leaves it out
        fetch_all(path)
    edit_index(path, lambda rows: rows.insert(1, ["none", "0", "14", "0", "0"]))
    assert {name: codes.tolist() for name, codes in fetch_all(path).items()} == {
        "x": [0, 1, 2, 3],
        "none": [],
        "y": [2, 2],
    }


def test_no_index_is_no_error(tmp_path):
    (tmp_path / "x.fa").write_text(">a\nAC\n")
    assert read_index(str(tmp_path / "x.fa")) is None
    assert read_index(str(tmp_path / "missing.fa")) is None


def test_an_index_older_than_its_file_is_refused(tmp_path):
    path = write_indexed(tmp_path, fasta_text())
    later = time.time() + 10
    os.utime(path, (later, later))
    with pytest.raises(IndexMisfitError, match="older"):
        read_index(path)


@pytest.mark.parametrize(
    "content",
    [b"", b"\n\n", b"a\t1\n", b"a\tx\t3\t60\t61\n", b"a\t-1\t3\t60\t61\n", b"a\t5\t3\t0\t1\n",
     b"a\t5\t3\t60\t60\n", b"a\t5\t3\t60\t63\n", b"a\t" + b"9" * 5000 + b"\t3\t60\t61\n",
     b"a\t5\t3\t60\t61\na\t5\t90\t60\t61\n", bytes(range(256)), b"\x1f\x8b" + b"\0" * 50],
)  # fmt: skip
def test_what_is_no_index_is_refused(tmp_path, content):
    path = write_indexed(tmp_path, fasta_text())
    Path(path + ".fai").write_bytes(content)
    with pytest.raises(IndexMisfitError):
        read_index(path)


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("column", [1, 2, 3, 4])
@pytest.mark.parametrize("change", [-61, -60, -1, 1, 2, 60, 61, 10**17])
@pytest.mark.parametrize("row", [0, 1, 4])
def test_a_wrong_number_anywhere_is_noticed(tmp_path, compressed, column, change, row):
    path = write_indexed(tmp_path, fasta_text(), compressed)

    def edit(rows):
        rows[row][column] = str(max(0, int(rows[row][column]) + change))

    expected = fetch_all(path)
    edit_index(path, edit)
    try:
        found = fetch_all(path)
    except IndexMisfitError:
        return
    # a contig of one full line has no line end to be wrong about
    assert row == 1
    assert all((found[name] == codes).all() for name, codes in expected.items())


@pytest.mark.parametrize(
    "edit",
    [
        lambda rows: rows.pop(0),
        lambda rows: rows.pop(),
        lambda rows: rows.pop(3),
        lambda rows: rows.append(["z", "5", "30000", "60", "61"]),
        lambda rows: rows[0].__setitem__(0, "B"),
        lambda rows: rows[0].__setitem__(0, "bb"),
        lambda rows: rows[1].__setitem__(0, rows[1][0][:-1]),
    ],
    ids=["first", "last", "middle", "one more", "case", "longer", "shorter"],
)
def test_missing_and_misnamed_records_are_noticed(tmp_path, edit):
    path = write_indexed(tmp_path, fasta_text())
    edit_index(path, edit)
    with pytest.raises(IndexMisfitError):
        fetch_all(path)


def test_rows_in_another_order_are_put_in_file_order(tmp_path):
    path = write_indexed(tmp_path, fasta_text())
    edit_index(path, lambda rows: rows.reverse())
    assert list(fetch_all(path)) == list(RECORDS)


def changed(path, change):
    """Change the FASTA file behind its index, which stays younger."""
    Path(path).write_bytes(change(Path(path).read_bytes()))
    now = time.time() + 5
    os.utime(path + ".fai", (now, now))


def moved_line_end(data, lines):
    """Make one line of the last record shorter and one `lines` further on longer, by a base."""
    first = data.index(b"\n", data.index(b">e") + 2_000)
    other = first + 61 * lines
    assert data[other : other + 1] == b"\n"
    data = data[:other] + data[other + 1 : other + 2] + b"\n" + data[other + 2 :]
    return data[: first - 1] + b"\n" + data[first - 1 : first] + data[first + 1 :]


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data[:-1000],
        lambda data: data + b">more\nACGT\n",
        lambda data: data + b"ACGT\n",
        lambda data: data.replace(b">c ", b">k "),
        lambda data: data[:200] + b"J" + data[201:],
        lambda data: data[:200] + b" " + data[201:],
        lambda data: data[:200] + b"\n" + data[201:],
        lambda data: data[:-500] + b">" + data[-499:],
        lambda data: moved_line_end(data, 1),
        lambda data: moved_line_end(data, 100),
    ],
    ids=["cut", "record", "bases", "name", "letter", "blank", "line", "header", "ends", "far ends"],
)
def test_a_file_that_changed_behind_its_index_is_noticed(tmp_path, change):
    path = write_indexed(tmp_path, fasta_text())
    changed(path, change)
    with pytest.raises(IndexMisfitError):
        fetch_all(path)


def test_lines_that_shift_in_between_are_noticed_where_another_stretch_is_read(tmp_path):
    path = write_indexed(tmp_path, fasta_text())
    changed(path, lambda data: moved_line_end(data, 100))
    with open_indexed(path, read_index(path)) as indexed, pytest.raises(IndexMisfitError, match="lines of e"):
        indexed.fetch("e", 19_000, 19_010)  # right there, but not all over the record


@pytest.mark.parametrize(
    "change",
    [
        lambda data: gzip.compress(gzip.decompress(data)),
        lambda data: data[:-40],
        lambda data: data[: len(data) // 2] + b"\xff\xff" + data[len(data) // 2 + 2 :],
        lambda data: data[:16] + b"\0\0" + data[18:],
        lambda data: data + b"garbage",
        lambda data: data[:2],
    ],
    ids=["gzip", "cut", "flipped", "size", "garbage", "magic"],
)
def test_damaged_bgzf_is_noticed(tmp_path, change):
    path = write_indexed(tmp_path, fasta_text(), compressed=True)
    changed(path, change)
    with pytest.raises(IndexMisfitError), open_indexed(path, read_index(path)) as indexed:
        for start in range(0, 20_000, 1000):
            indexed.fetch("e", start, start + 1000)


def test_few_stretches_of_a_large_genome_pay(monkeypatch):
    monkeypatch.setattr(fasta_index, "STRETCH_COST", 1000)
    records = {"a": IndexedRecord("a", 1_000_000, 3, 60, 61)}
    assert stretches_pay(10, 5_000, records)
    assert not stretches_pay(1000, 5_000, records)
    assert not stretches_pay(10, 900_000, records)
