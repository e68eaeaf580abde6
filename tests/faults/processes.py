"""Runs of the command line as processes of their own, forked from one that has the libraries loaded.

A fault of a process (a signal, a limit, a full disk, a closed pipe) needs a process, and an interpreter takes
one to two seconds of a CPU to import what a command needs. `start` forks the command from a server that has
all of it loaded, so that a fault can be tried over every command.
"""

import ctypes
import itertools
import multiprocessing
import os
import resource
import signal
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

_SERVER = multiprocessing.get_context("forkserver")
_SERVER.set_forkserver_preload(["tests.faults.loaded", "tests.faults.processes"])
_numbers = itertools.count()
_CAPABILITIES_VERSION_3 = 0x20080522


CLOSED = "closed"
"""Standard output is a pipe whose reader has gone before the first byte."""


@dataclass(frozen=True)
class Setting:
    """What surrounds a process."""

    stdin: str = "/dev/null"
    """A file or FIFO; nothing at all where empty."""
    stdout: str = ""
    """A file or FIFO; `CLOSED`; a file in the place of the run where empty."""
    file_bytes: int | None = None
    """RLIMIT_FSIZE."""
    more_memory: int | None = None
    """Bytes that the process may take in addition to those that the loaded libraries have."""
    ordinary: bool = False
    """Whether permissions bind it although it may belong to root."""
    seconds_per_name: float = 0
    """Seconds to wait after each output has got its name."""
    env: dict[str, str] = field(default_factory=dict)


@dataclass
class Started:
    """A process that runs."""

    process: multiprocessing.Process
    out: Path
    errors: int
    """Descriptor of the pipe that standard error is."""

    def kill(self, number: int = signal.SIGKILL) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.process.pid, number)

    def ended(self) -> bool:
        return self.process.exitcode is not None

    def wait(self, seconds: float = 240) -> "Ended":
        self.process.join(seconds)
        if self.process.exitcode is None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            raise AssertionError(f"still runs after {seconds} s")
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)  # what it started and left
        out = self.out.read_bytes() if self.out.is_file() else b""
        err = self._said()
        os.close(self.errors)
        return Ended(self.process.exitcode, out, err)

    def _said(self) -> str:
        """Return what the pipe holds; less than its 64 KiB, so that nobody waits."""
        with suppress(BlockingIOError):
            return os.read(self.errors, 1 << 16).decode("utf-8", "backslashreplace")
        return ""


@dataclass(frozen=True)
class Ended:
    """How a process ended: its code (negative for a signal) and what it wrote."""

    code: int
    out: bytes
    err: str

    def is_one_line(self, code: int = 1) -> bool:
        return (self.code, self.out, self.err.count("\n")) == (code, b"", 1) and ": error: " in self.err


def start(args, place: Path, setting: Setting = Setting()) -> Started:
    """Start ``seqnet ARGS`` in the folder ``work`` of `place`, with its standard streams beside."""
    (place / "work").mkdir(parents=True, exist_ok=True)
    (place / "tmp").mkdir(exist_ok=True)
    number = next(_numbers)
    out = Path(setting.stdout or place / f"stdout{number}")
    pipe = place / f"stderr{number}"
    os.mkfifo(pipe)  # a limit of file sizes spares it
    errors = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    words = [str(arg) for arg in args]
    process = _SERVER.Process(target=_become, args=(words, place, (setting.stdin, out, pipe), setting))
    process.start()
    return Started(process, out, errors)


def finish(args, place: Path, setting: Setting = Setting()) -> Ended:
    """Run ``seqnet ARGS`` to its end."""
    return start(args, place, setting).wait()


def _become(args: list[str], place: Path, streams: tuple[str, Path, Path], setting: Setting) -> None:
    """Be ``seqnet ARGS``."""
    os.setsid()
    os.chdir(f"{place}/work")
    os.environ.update({"TMPDIR": f"{place}/tmp", "SEQNET_CACHE": f"{place}/cache", **setting.env})
    tempfile.tempdir = None
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    _streams(streams)
    _limits(setting)
    if setting.seconds_per_name:
        _name_slowly(setting.seconds_per_name)
    sys.argv = ["seqnet", *args]
    code = 255
    try:
        from seqnet.__main__ import main

        main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(bool(end.code))
    except BaseException:  # what the boundary let through
        import traceback

        traceback.print_exc()
    finally:
        with suppress(Exception):
            sys.stderr.flush()
        os._exit(code)


def _streams(paths: tuple[str, Path, Path]) -> None:
    """Open standard streams."""
    for number, path in enumerate(paths):
        os.close(number)
        if path:
            opened = _opened(number, path)
            os.dup2(opened, number)
            if opened != number:
                os.close(opened)
    sys.stdin = open(0, closefd=False) if paths[0] else None  # noqa: SIM115
    sys.stdout, sys.stderr = (open(number, "w", closefd=False) for number in (1, 2))  # noqa: SIM115


def _opened(number: int, path: str | Path) -> int:
    """Return a descriptor for a standard stream."""
    if str(path) == CLOSED:
        reader, writer = os.pipe()
        os.close(reader)
        return writer
    return os.open(path, os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)


def _name_slowly(seconds: float) -> None:
    """Wait whenever a file has got its name."""
    replace = os.replace

    def slowly(source, target) -> None:
        replace(source, target)
        time.sleep(seconds)

    os.replace = slowly


def _limits(setting: Setting) -> None:
    """Set what the process may do."""
    if setting.file_bytes is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (setting.file_bytes,) * 2)
    if setting.more_memory is not None:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        limit = pages * resource.getpagesize() + setting.more_memory
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    if setting.ordinary:
        header = (ctypes.c_uint32 * 2)(_CAPABILITIES_VERSION_3, 0)
        none = (ctypes.c_uint32 * 6)()
        if ctypes.CDLL(None).capset(header, none):
            os._exit(254)


def contents(folder: Path) -> dict[str, bytes]:
    """Return the bytes of the files of a folder by name."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def settle(happens, seconds: float = 20) -> bool:
    """Wait until something is so."""
    end = time.monotonic() + seconds
    while not happens():
        if time.monotonic() > end:
            return False
        time.sleep(0.002)
    return True
