"""bigBed is read wherever BED is, through the guarded process."""

import random

import pybigtools
import pytest

from seqnet.errors import FormatError
from seqnet.formats.regions.bed import read_bed

ENTRIES = [
    ("chr1", 10, 20, "a\t5\t+\t1\t2\t3\t4"),
    ("chr1", 30, 45, "b\t6\t-\t1\t2\t3\t-1"),
    ("chr2", 1, 9, "c\t7\t.\t0\t0\t0\t0"),
]


@pytest.fixture
def peaks(tmp_path):
    """A bigNarrowPeak file by another writer."""
    path = tmp_path / "peaks.bb"
    writer = pybigtools.open(str(path), "w")
    writer.write({"chr1": 1000, "chr2": 500}, ENTRIES)
    writer.close()
    return path


def test_entries_are_the_lines_of_bed(peaks, tmp_path):
    text = tmp_path / "peaks.narrowPeak"
    text.write_text("".join(f"{c}\t{s}\t{e}\t{rest}\n" for c, s, e, rest in ENTRIES))
    ours, theirs = read_bed(str(peaks)), read_bed(str(text))
    assert [ours.intervals.locus(row) for row in range(3)] == [
        theirs.intervals.locus(row) for row in range(3)
    ]
    assert ours.names.tolist() == ["a", "b", "c"]
    assert ours.scores.tolist() == theirs.scores.tolist()
    assert ours.summits.tolist() == theirs.summits.tolist() == [4, -1, 0]
    assert ours.intervals.strand.tolist() == theirs.intervals.strand.tolist()


def test_a_command_takes_it_and_a_pipe_does_not(peaks, tmp_path, run):
    (tmp_path / "g.fa").write_text(">chr1\n" + "ACGT" * 250 + "\n>chr2\n" + "ACGT" * 125 + "\n")
    found = run("kmer-featurize", "--regions", peaks, "--genome", tmp_path / "g.fa", "-k", 1)
    assert found.code == 0, found.err
    assert [row[0] for row in found.rows] == ["a", "b", "c"]
    piped = run("kmer-featurize", "--regions", "-", "--genome", tmp_path / "g.fa", stdin=peaks.read_bytes())
    assert piped.code == 1
    assert "is bigBed, which cannot be read from a pipe" in piped.err


@pytest.mark.fault
def test_damaged_files_are_errors_or_read(peaks, tmp_path):
    good = peaks.read_bytes()
    generator = random.Random(5)
    messages = []
    for number in range(12):
        data = bytearray(good)
        for _ in range(4):
            data[generator.randrange(4, len(data))] = generator.randrange(256)
        path = tmp_path / f"{number}.bb"
        path.write_bytes(data[: generator.choice([len(data), len(data) // 2, 64])])
        try:
            read_bed(str(path))
        except FormatError as error:
            messages.append((str(path), str(error)))
    assert messages
    assert all(text.startswith(path) for path, text in messages)
