"""Runs of the command line: in this process, or in one of its own where a test is about processes.

A child takes one to two seconds of a CPU to import what it needs. `run_seqnet` therefore calls the entry point
here, through the same error boundary and with the same surroundings: pipes as file descriptors 0, 1 and 2,
``sys.argv``, folder, environment, filters of warnings, an empty context, torch's first random numbers. All of it
is put back. What a process has for itself cannot be had here: signals, limits, terminals, closed pipes, hash
seeds, imports in a fresh interpreter, and variables that Python and its libraries read when they start. Tests of
these use `run_child`. ``tests/cli/test_running.py`` compares the two.
"""

import contextvars
import io
import os
import signal
import subprocess
import sys
import tempfile
import threading
import traceback
import warnings
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import NoReturn

from seqnet import __main__ as entry

_HANDLED = (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)
_FIRST_TORCH_SEED = 67280421310721
"""The seed of torch's generator in a process that has set none."""
_READ_AT_START = ("PYTHON", "LC_", "LANG", "OMP_", "OPENBLAS_", "MKL_", "MPL", "LD_", "MALLOC_")
"""How the names of variables begin that are read when an interpreter or a library starts."""
_busy = threading.Lock()


@dataclass(frozen=True)
class Finished:
    """What a run of the command line left."""

    code: int
    out: bytes
    err: str

    @property
    def text(self) -> str:
        return self.out.decode()

    @property
    def rows(self) -> list[list[str]]:
        """Fields of the lines that are no comments."""
        return [line.split("\t") for line in self.text.splitlines() if not line.startswith("#")]


def run_child(*args, stdin: bytes = b"", env: dict[str, str] | None = None, cwd=None) -> Finished:
    """Run ``seqnet`` as a user would, in a process of its own."""
    finished = subprocess.run(
        [sys.executable, "-m", "seqnet", *map(str, args)],
        input=stdin,
        capture_output=True,
        env={**os.environ, **(env or {})},
        cwd=cwd,
        check=False,
    )
    return Finished(finished.returncode, finished.stdout, finished.stderr.decode())


def run_seqnet(*args, stdin: bytes = b"", env: dict[str, str] | None = None, cwd=None) -> Finished:
    """Run ``seqnet`` in this process, as `run_child` does in another."""
    early = [name for name in env or {} if name.startswith(_READ_AT_START)]
    assert not early, f"{early} would have no effect in this process: use run_child"
    assert _busy.acquire(blocking=False), "a process has one standard output: use run_child"
    try:
        with _surroundings([str(arg) for arg in args], env or {}, cwd):
            return _captured(stdin)
    finally:
        _busy.release()


def _main() -> int:
    """Call the entry point; return the code that the process would end with."""
    try:
        entry.main()
    except SystemExit as end:
        code = end.code
    except Exception:  # a defect: an interpreter prints it and ends with 1
        traceback.print_exc()
        code = 1
    if not sys.stdout.closed:
        sys.stdout.flush()
    assert isinstance(code, int)
    return code


# ---- standard streams --------------------------------------------------------------------------


def _captured(stdin: bytes) -> Finished:
    """Run with pipes as standard streams, which threads fill and empty meanwhile."""
    saved = [os.dup(number) for number in range(3)]
    ends = [os.pipe() for _ in saved]
    found = [bytearray(), bytearray()]
    threads = [
        threading.Thread(target=_feed, args=(ends[0][1], stdin)),
        threading.Thread(target=_drain, args=(ends[1][0], found[0])),
        threading.Thread(target=_drain, args=(ends[2][0], found[1])),
    ]
    for number, ours in enumerate((ends[0][0], ends[1][1], ends[2][1])):
        os.dup2(ours, number)
        os.close(ours)
    for thread in threads:
        thread.start()
    try:
        with _streams():
            code = contextvars.Context().run(_main)
    finally:
        for number, descriptor in enumerate(saved):
            os.dup2(descriptor, number)
            os.close(descriptor)
        for thread in threads:
            thread.join(60)
    assert not any(thread.is_alive() for thread in threads), (
        "something still has a standard stream of the run"
    )
    return Finished(code, bytes(found[0]), found[1].decode())


def _feed(descriptor: int, data: bytes) -> None:
    """Write what a command may read, as far as it reads it."""
    with suppress(BrokenPipeError), open(descriptor, "wb", buffering=0) as stream:
        while data:
            data = data[stream.write(data) :]


def _drain(descriptor: int, into: bytearray) -> None:
    """Read what a command writes."""
    with open(descriptor, "rb", buffering=0) as stream:
        while piece := stream.read(1 << 16):
            into += piece


@contextmanager
def _streams():
    """Open Python's streams on the descriptors 0, 1 and 2 as an interpreter does."""
    before = sys.stdin, sys.stdout, sys.stderr
    errors = getattr(sys.__stdout__, "errors", None) or "strict"
    sys.stdin, sys.stdout, sys.stderr = opened = (
        io.TextIOWrapper(io.BufferedReader(io.FileIO(0, "rb", closefd=False)), "utf-8", errors),
        io.TextIOWrapper(io.BufferedWriter(io.FileIO(1, "wb", closefd=False)), "utf-8", errors),
        io.TextIOWrapper(
            io.BufferedWriter(io.FileIO(2, "wb", closefd=False)),
            "utf-8",
            "backslashreplace",
            line_buffering=True,
        ),
    )
    try:
        yield
    finally:
        sys.stdin, sys.stdout, sys.stderr = before
        for stream in opened:
            stream.close()


# ---- surroundings ------------------------------------------------------------------------------


@contextmanager
def _surroundings(args: list[str], env: dict[str, str], cwd):
    """Provide what a process has when it starts, and put back what this one had."""
    from seqnet.kernels import _dispatch

    with ExitStack() as stack:
        for kept in (_argv(args), _environment(env), _folder(cwd), _signals(), _default_warnings(), _torch()):
            stack.enter_context(kept)
        _dispatch.chosen.cache_clear()  # it looked at the environment
        stack.callback(_dispatch.chosen.cache_clear)
        yield


@contextmanager
def _argv(args: list[str]):
    """Set the command line."""
    before, sys.argv = sys.argv, [entry.__file__, *args]
    try:
        yield
    finally:
        sys.argv = before


@contextmanager
def _environment(env: dict[str, str]):
    """Add variables; put back those that the command sets."""
    before, folder = dict(os.environ), tempfile.tempdir
    os.environ.update(env)
    tempfile.tempdir = None  # of an earlier environment
    try:
        yield
    finally:
        tempfile.tempdir = folder
        for name in os.environ.keys() - before.keys():
            del os.environ[name]
        os.environ.update(before)


@contextmanager
def _folder(cwd):
    """Go to a folder."""
    if cwd is None:
        yield
        return
    before = os.open(".", os.O_RDONLY)
    os.chdir(cwd)
    try:
        yield
    finally:
        os.fchdir(before)
        os.close(before)


@contextmanager
def _signals():
    """Put the handlers of signals back; an exit at an interrupt ends the tests, not their report."""
    before = {number: signal.getsignal(number) for number in _HANDLED}
    leave, os._exit = os._exit, _interrupt
    try:
        yield
    finally:
        os._exit = leave
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupt(_code: int) -> NoReturn:
    """Hand an interrupt on to pytest."""
    raise KeyboardInterrupt


@contextmanager
def _default_warnings():
    """Print the warnings that an interpreter prints: users see them, so tests that compare stderr should."""
    with warnings.catch_warnings():
        warnings.resetwarnings()
        for kind in (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning):
            warnings.simplefilter("ignore", kind)
        warnings.showwarning = _show_warning
        yield


def _show_warning(message, category, filename, lineno, file=None, line=None) -> None:
    """Print a warning on stderr, whatever pytest does with warnings."""
    sys.stderr.write(warnings.formatwarning(message, category, filename, lineno, line))


@contextmanager
def _torch():
    """Give torch the random numbers of a fresh process, where it is loaded; put its state back."""
    torch = sys.modules.get("torch")
    if torch is None:
        yield
        return
    state, threads = torch.get_rng_state(), torch.get_num_threads()
    torch.default_generator.manual_seed(_FIRST_TORCH_SEED)
    try:
        yield
    finally:
        torch.set_rng_state(state)
        torch.set_num_threads(threads)
