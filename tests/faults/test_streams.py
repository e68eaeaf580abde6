"""Interrupted input, closed pipes, full disks and outputs that are no plain files: over every command."""

import gzip
import os
import signal
import threading
import time
from contextlib import suppress

import pytest

from tests.faults.lines import NAMES, STREAMING, TRAINING, ids, line, output_of, source_of
from tests.faults.processes import CLOSED, Setting, contents, finish, start

pytestmark = pytest.mark.fault
EVERY = pytest.mark.parametrize("names", NAMES, ids=ids)


def fifo(folder, name="fifo"):
    path = folder / name
    os.mkfifo(path)
    return path


def feed(path, *pieces, pause=0.0):
    """Write pieces into a FIFO from a thread, with pauses, and close it."""

    def write():
        with suppress(BrokenPipeError), path.open("wb", buffering=0) as stream:
            for piece in pieces:
                stream.write(piece)
                time.sleep(pause)

    thread = threading.Thread(target=write, daemon=True)
    thread.start()
    return thread


def read_fifo(path, run):
    """Read what a process writes into a FIFO, if it does."""
    told = b""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    while True:
        is_over = run.ended()
        with suppress(BlockingIOError):
            while part := os.read(descriptor, 1 << 16):
                told += part
        if is_over:
            break
        time.sleep(0.005)
    os.close(descriptor)
    return told


# ---- input -------------------------------------------------------------------------------------


@EVERY
def test_compressed_input_that_breaks_off_in_a_pipe_is_one_line(names, prepared, tmp_path):
    data = gzip.compress(source_of(names, prepared).read_bytes())
    path = fifo(tmp_path)
    feed(path, data[: len(data) // 2])
    ended = finish(line(names, prepared, "-"), tmp_path, Setting(stdin=str(path)))
    assert ended.is_one_line(), ended
    assert contents(tmp_path / "work") == {}


@EVERY
def test_input_that_comes_in_drops_is_read_as_a_file(names, prepared, alone, tmp_path):
    data = source_of(names, prepared).read_bytes()
    path = fifo(tmp_path)
    size = max(1, len(data) // 7)
    feed(path, *(data[i : i + size] for i in range(0, len(data), size)), pause=0.02)
    ended = finish(line(names, prepared, "-"), tmp_path, Setting(stdin=str(path)))
    assert (ended.code, ended.out, ended.err) == (0, b"", "")
    found, whole = contents(tmp_path / "work"), alone(names).files
    assert found.keys() == whole.keys()
    name = source_of(names, prepared).name.encode()
    if not any(name in data or b"safetensors" in key.encode() for key, data in whole.items()):
        assert found == whole  # most outputs name their input


@EVERY
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_while_input_is_awaited_leaves_nothing(names, prepared, tmp_path, number, code):
    data = source_of(names, prepared).read_bytes()
    path = fifo(tmp_path)
    run = start(line(names, prepared, "-"), tmp_path, Setting(stdin=str(path)))
    with suppress(BrokenPipeError), path.open("wb", buffering=0) as stream:
        stream.write(data[: min(len(data) // 2, 60_000)])
        time.sleep(0.3)
        assert not run.ended()
        run.kill(number)
        ended = run.wait()
    assert (ended.code, ended.out) == (code, b"")
    assert "Traceback" not in ended.err
    assert ended.err.count("\n") <= 1
    assert contents(tmp_path / "work") == {}
    assert os.listdir(tmp_path / "tmp") == []


@EVERY
def test_a_closed_standard_input_is_one_line(names, prepared, tmp_path):
    ended = finish(line(names, prepared, "-"), tmp_path, Setting(stdin=""))
    assert ended.is_one_line(1) or ended.is_one_line(2), ended
    assert contents(tmp_path / "work") == {}


# ---- output ------------------------------------------------------------------------------------


@pytest.mark.parametrize("names", STREAMING, ids=ids)
def test_a_pipe_that_is_closed_before_the_first_byte_ends_silently_with_141(names, prepared, tmp_path):
    ended = finish(line(names, prepared, output=""), tmp_path, Setting(stdout=CLOSED))
    assert (ended.code, ended.err) == (141, "")


@EVERY
@pytest.mark.parametrize("share", [0, 0.6])
def test_files_that_may_not_grow_leave_the_old_ones(names, prepared, alone, tmp_path, share):
    """As on a full disk: nothing may be written, or a part of the output."""
    whole = alone(names).files
    (tmp_path / "work").mkdir()
    old = dict.fromkeys(whole, b"old")
    for name, data in old.items():
        (tmp_path / "work" / name).write_bytes(data)
    limit = int(share * max(map(len, whole.values())))
    ended = finish(line(names, prepared), tmp_path, Setting(file_bytes=limit))
    assert ended.is_one_line(), ended
    is_torch_s = limit == 0 and names[0] == "train"  # it makes a temporary file when it is loaded
    assert "file too large" in ended.err or (is_torch_s and "temporary space" in ended.err)
    assert contents(tmp_path / "work") == old


@pytest.mark.parametrize("names", STREAMING, ids=ids)
@pytest.mark.parametrize("by_name", [True, False])
def test_a_full_device_is_one_line(names, prepared, tmp_path, by_name):
    output, setting = ("/dev/full", Setting()) if by_name else ("", Setting(stdout="/dev/full"))
    ended = finish(line(names, prepared, output=output), tmp_path, setting)
    assert ended.is_one_line(), ended
    assert ended.err.rstrip().endswith("no space left on device")


@pytest.mark.parametrize("names", STREAMING, ids=ids)
@pytest.mark.parametrize("target", ["/dev/stdout", "/dev/null", "fifo"])
def test_text_goes_straight_into_special_files(names, prepared, tmp_path, target):
    plain = finish(line(names, prepared, output=""), tmp_path / "plain")
    path = str(fifo(tmp_path)) if target == "fifo" else target
    run = start(line(names, prepared, output=path), tmp_path)
    told = b""
    if target == "fifo":
        told = read_fifo(path, run)
    ended = run.wait()
    assert (ended.code, ended.err) == (plain.code, "")
    assert told + ended.out == (b"" if target == "/dev/null" else plain.out)
    assert contents(tmp_path / "work") == {}


@pytest.mark.parametrize("names", TRAINING, ids=ids)
@pytest.mark.parametrize("target", ["/dev/stdout", "/dev/null", "fifo", "/dev/full"])
def test_models_need_a_regular_file(names, prepared, tmp_path, target):
    path = str(fifo(tmp_path)) if target == "fifo" else target
    ended = finish(line(names, prepared, output=path), tmp_path)
    assert ended.is_one_line(2), ended
    assert "needs a regular file" in ended.err


@EVERY
def test_symbolic_links_are_followed_and_modes_kept(names, prepared, alone, tmp_path):
    work, name = tmp_path / "work", output_of(names)
    (tmp_path / "elsewhere").mkdir()
    work.mkdir()
    target = tmp_path / "elsewhere" / name
    target.write_bytes(b"old")
    target.chmod(0o640)
    (work / name).symlink_to(target)
    finish(line(names, prepared), tmp_path)
    assert (work / name).is_symlink()
    assert target.read_bytes() == alone(names).files[name]
    assert target.stat().st_mode & 0o777 == 0o640
    assert [path.name for path in target.parent.iterdir()] == [name]
