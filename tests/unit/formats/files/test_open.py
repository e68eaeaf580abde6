import bz2
import gzip
import io
import lzma
import os
import stat
import sys
import threading
from pathlib import Path

import pytest
from Bio import bgzf

from seqnet.errors import FormatError, UsageError
from seqnet.formats.files import opening as _open
from seqnet.formats.files.kept import temporary_rows
from seqnet.formats.files.opening import (
    chunks_as_they_come,
    numbered_lines,
    open_input,
    open_output,
    output_path,
)


def read(path):
    with open_input(str(path)) as stream:
        return stream.read()


def write(path, data):
    with open_output(str(path)) as stream:
        stream.write(data)


def leftovers(folder):
    return [entry for entry in os.listdir(folder) if entry.endswith(".seqnet-tmp")]


@pytest.fixture(params=["zlib", "isal"])
def library(request, monkeypatch):
    """Decompress gzip with either library."""
    if request.param == "isal":
        pytest.importorskip("isal.igzip")
    else:
        monkeypatch.setitem(sys.modules, "isal", None)  # its import fails
    return request.param


@pytest.mark.parametrize("compress", [bytes, gzip.compress, bz2.compress, lzma.compress])
def test_compression_is_recognised_by_content_behind_any_suffix(tmp_path, compress):
    path = tmp_path / "data.txt"
    path.write_bytes(compress(b"ACGT\n" * 1000))
    assert read(path) == b"ACGT\n" * 1000


TEXT = b"".join(b"%d ACGTTGCA\n" % number for number in range(5000))
GZIPPED = gzip.compress(TEXT)


def bgzf_of(data):
    buffer = io.BytesIO()
    with bgzf.BgzfWriter(fileobj=buffer) as writer:
        writer.write(data)
        writer.flush()
        return buffer.getvalue()


def with_byte(data, place, value):
    return data[:place] + bytes([value]) + data[place + 1 :]


def test_the_library_is_the_one_asked_for(tmp_path, library):
    path = tmp_path / "x"
    path.write_bytes(GZIPPED)
    with path.open("rb") as stream:
        opened, _ = _open._gunzip(stream)
    assert type(opened).__module__ == {"zlib": "gzip", "isal": "isal.igzip"}[library]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (gzip.compress(b"one") + gzip.compress(b"two"), b"onetwo"),
        (gzip.compress(b"") + GZIPPED, TEXT),
        (GZIPPED + bytes(1000), TEXT),  # padding with zeros is allowed, between members too
        (GZIPPED + bytes(7) + GZIPPED, TEXT + TEXT),
        (bgzf_of(TEXT * 20), TEXT * 20),
        (gzip.compress(b"A" * 5_000_000), b"A" * 5_000_000),
    ],
    ids=["members", "empty member", "zeros", "zeros between", "bgzf", "far"],
)
def test_gzip_of_any_make_is_read(tmp_path, library, data, expected):
    path = tmp_path / "x"
    path.write_bytes(data)
    assert read(path) == expected


@pytest.mark.parametrize("suffix", [".gz", ".bgz", ""])
def test_lines_are_written_one_by_one_or_together(tmp_path, suffix):
    path = tmp_path / f"x{suffix}"
    with open_output(str(path)) as stream:
        stream.write(b"one\n")
        stream.writelines(line for line in (b"two\n", b"three\n"))
    data = path.read_bytes()
    assert (gzip.decompress(data) if suffix else data) == b"one\ntwo\nthree\n"


@pytest.mark.parametrize("suffix", [".gz", ".bgz"])
def test_compressed_output_is_bgzf_that_every_reader_reads(tmp_path, suffix):
    path = tmp_path / f"out{suffix}"
    data = b"line\n" * 50_000
    write(path, data)
    assert gzip.decompress(path.read_bytes()) == data
    with bgzf.open(str(path), "rb") as stream:
        assert stream.read(5) == b"line\n"
    assert path.read_bytes().endswith(
        bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")
    )
    first = path.read_bytes()
    write(path, data)
    assert path.read_bytes() == first


@pytest.mark.parametrize("cut", [2, 5, 15, len(GZIPPED) // 2, -8, -1])
@pytest.mark.parametrize("before", [b"", GZIPPED])
def test_truncated_gzip_names_the_file(tmp_path, library, cut, before):
    path = tmp_path / "cut.gz"
    path.write_bytes(before + GZIPPED[:cut])
    with pytest.raises(FormatError) as caught:
        read(path)
    assert str(caught.value) == f"{path}: damaged compressed file: ends in the middle of its compressed data"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (with_byte(GZIPPED, len(GZIPPED) - 5, GZIPPED[-5] ^ 1), "its data do not fit their checksum"),
        (with_byte(GZIPPED, len(GZIPPED) - 1, 9), "Incorrect length of data produced"),
        (with_byte(GZIPPED, 2, 7), "Unknown compression method"),
        (GZIPPED + b"what is not gzip", "Not a gzipped file (b'wh')"),
    ],
    ids=["checksum", "length", "method", "garbage"],
)
def test_corrupt_gzip_is_refused_in_the_same_words(tmp_path, library, data, reason):
    path = tmp_path / "bad.gz"
    path.write_bytes(data)
    with pytest.raises(FormatError) as caught:
        read(path)
    assert str(caught.value) == f"{path}: damaged compressed file: {reason}"


@pytest.mark.parametrize("place", range(10, len(GZIPPED) - 8, len(GZIPPED) // 97))
def test_a_flipped_byte_is_an_error_of_one_line(tmp_path, library, place):
    path = tmp_path / "flip.gz"
    path.write_bytes(with_byte(GZIPPED, place, GZIPPED[place] ^ 0xFF))
    with pytest.raises(FormatError, match=r"flip\.gz: damaged compressed file: .") as caught:
        read(path)
    assert "\n" not in str(caught.value)


def test_short_garbage_behind_gzip_is_refused(tmp_path, library):
    path = tmp_path / "x.gz"
    path.write_bytes(GZIPPED + b"?")
    with pytest.raises(FormatError, match=r"x\.gz: damaged compressed file"):
        read(path)


@pytest.mark.parametrize("compress", [bz2.compress, lzma.compress])
def test_damage_to_other_compressions_names_the_file(tmp_path, compress):
    data = bytearray(compress(TEXT))
    data[len(data) // 2] ^= 0xFF
    path = tmp_path / "flip"
    path.write_bytes(data)
    with pytest.raises(FormatError, match="flip: damaged compressed file"):
        read(path)


def test_lines_keep_their_numbers_and_lose_their_ends(tmp_path):
    path = tmp_path / "x"
    path.write_bytes(b"\xef\xbb\xbfone\r\n\ntwo \xe9")
    with open_input(str(path)) as stream:
        lines = list(numbered_lines(stream, "x"))
    assert [(n, _open.to_bytes(text)) for n, text in lines] == [(1, b"one"), (2, b""), (3, b"two \xe9")]


@pytest.mark.parametrize("data", [b"a\0b\n", b"x" * (1 << 20)])
def test_what_is_no_text_is_refused(tmp_path, monkeypatch, data):
    monkeypatch.setattr(_open, "LONGEST_LINE", 1 << 20)
    path = tmp_path / "x"
    path.write_bytes(b"fine\n" + data)
    with open_input(str(path)) as stream, pytest.raises(FormatError, match="x:2: is not a text file"):
        list(numbered_lines(stream, "x"))


def test_a_failed_block_leaves_the_old_file_and_no_other(tmp_path):
    path = tmp_path / "out"
    path.write_bytes(b"old")
    with pytest.raises(RuntimeError), open_output(str(path)) as stream:
        stream.write(b"new")
        stream.flush()
        raise RuntimeError
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["out"]


def test_the_file_appears_only_when_complete(tmp_path):
    path = tmp_path / "out"
    with open_output(str(path)) as stream:
        stream.write(b"x")
        assert not path.exists()
        assert len(leftovers(tmp_path)) == 1
    assert path.read_bytes() == b"x"
    assert os.listdir(tmp_path) == ["out"]


@pytest.mark.parametrize("mode", [0o640, 0o600, 0o666])
def test_the_mode_of_a_replaced_file_is_kept(tmp_path, mode):
    path = tmp_path / "out"
    path.write_bytes(b"old")
    path.chmod(mode)
    write(path, b"new")
    assert stat.S_IMODE(path.stat().st_mode) == mode


def test_a_new_file_has_the_umask_s_mode(tmp_path):
    before = os.umask(0o027)
    try:
        write(tmp_path / "out", b"x")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == 0o640


def test_symlinks_are_followed(tmp_path):
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_bytes(b"old")
    link.symlink_to(target)
    write(link, b"new")
    assert link.is_symlink()
    assert target.read_bytes() == b"new"
    dangling = tmp_path / "dangling"
    dangling.symlink_to(tmp_path / "later")
    write(dangling, b"made")
    assert (tmp_path / "later").read_bytes() == b"made"


def test_special_files_are_written_through(tmp_path):
    write("/dev/null", b"gone")
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    received = []
    reader = threading.Thread(target=lambda: received.append(Path(fifo).read_bytes()))
    reader.start()
    write(fifo, b"through")
    reader.join()
    assert received == [b"through"]
    assert stat.S_ISFIFO(fifo.stat().st_mode)


def test_leftovers_of_dead_runs_are_swept_and_those_of_living_ones_kept(tmp_path):
    (tmp_path / ".out.deadbeef.seqnet-tmp").write_bytes(b"left")
    (tmp_path / ".other.deadbeef.seqnet-tmp").write_bytes(b"left")
    with open_output(str(tmp_path / "out")) as first:
        first.write(b"first")
        write(tmp_path / "out", b"second")  # sweeps, but not the one being written
        assert (tmp_path / "out").read_bytes() == b"second"
    assert (tmp_path / "out").read_bytes() == b"first"
    assert sorted(os.listdir(tmp_path)) == [".other.deadbeef.seqnet-tmp", "out"]


def test_a_missing_folder_names_the_file_as_given(tmp_path):
    with pytest.raises(FileNotFoundError) as caught, open_output(str(tmp_path / "no" / "out")):
        pass
    assert caught.value.filename == str(tmp_path / "no" / "out")


def test_a_lent_path_is_renamed_when_done(tmp_path):
    path = tmp_path / "out.bw"
    with output_path(str(path)) as lent:
        Path(lent).write_bytes(b"binary")
        assert not path.exists()
    assert path.read_bytes() == b"binary"
    with pytest.raises(UsageError, match="needs a regular file"), output_path("-"):
        pass
    assert os.listdir(tmp_path) == ["out.bw"]


def test_pieces_come_as_a_pipe_has_them():
    reader, writer = os.pipe()
    with os.fdopen(reader, "rb") as stream:
        pieces = chunks_as_they_come(stream, 10)
        os.write(writer, b"abc")
        assert next(pieces) == b"abc"  # though ten are wanted and the pipe is open
        os.write(writer, b"0123456789xyz")
        assert next(pieces) == b"0123456789"
        os.close(writer)
        assert list(pieces) == [b"xyz"]


def test_pieces_of_a_file_are_full(tmp_path):
    (tmp_path / "f").write_bytes(b"0123456789" * 3)
    with (tmp_path / "f").open("rb", buffering=4) as stream:
        assert [len(piece) for piece in chunks_as_they_come(stream, 12)] == [12, 12, 6]


def test_temporary_rows_have_no_name_and_read_back(tmp_path):
    with temporary_rows(str(tmp_path)) as stream:
        stream.write(b"a\nb\n")
        assert list(tmp_path.iterdir()) == []
        stream.seek(0)
        assert stream.readlines() == [b"a\n", b"b\n"]
    assert stream.closed
    with pytest.raises(FileNotFoundError) as failure, temporary_rows(str(tmp_path / "no")):
        pass
    assert failure.value.filename == str(tmp_path / "no")


def test_what_finishes_an_output_sees_it_whole_before_it_has_its_name(tmp_path):
    seen = []
    with open_output(str(tmp_path / "x"), finish=lambda path: seen.append(Path(path).read_bytes())) as out:
        out.write(b"data")
        assert not seen
    assert seen == [b"data"]

    def failing(_path):
        raise ValueError("no index")

    with pytest.raises(ValueError, match="no index"), open_output(str(tmp_path / "y"), finish=failing) as out:
        out.write(b"data")
    assert [path.name for path in tmp_path.iterdir()] == ["x"]
