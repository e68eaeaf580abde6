"""The errors seqnet raises on purpose, and how any error reads: one clear line for the user."""

from __future__ import annotations

import os
import re

TERMINATED = 143
"""The exit code after SIGTERM."""
_QUOTED = 60
"""Letters of a value that a message quotes."""
_LONG_WORD = re.compile(r"[^\s/]{121,}|\S{1000,}")  # paths may be longer than other words
_MESSAGE = 1000
"""Letters of a message, and of a path in it, at most."""


def shorten(value: str, most: int = _QUOTED) -> str:
    """Quote a value in a message; a long one by its beginning and its length.

    Examples
    --------
    >>> shorten("chr1"), shorten("A" * 1000, 5)
    ("'chr1'", "'AAAAA'... (1,000 letters)")
    """
    if len(value) <= most:
        return repr(value)
    return f"{value[:most]!r}... ({len(value):,} letters)"


def brief(message: str) -> str:
    """Return a message that fits on a few lines of a terminal, whatever was quoted in it."""
    words = _LONG_WORD.sub(lambda word: f"{word[0][:_QUOTED]}...{word[0][-10:]}", message)
    return words if len(words) <= _MESSAGE else f"{words[: _MESSAGE - 105]} ... {words[-100:]}"


class SeqnetError(Exception):
    """Something in the data or the surroundings stops the work; the message gives the fault and its place.

    The command line prints the message alone and exits with ``exit_code``.
    """

    exit_code = 1

    def __init__(self, message: str = "") -> None:
        super().__init__(brief(str(message)))


class FormatError(SeqnetError):
    """A file does not hold what its format promises.

    Parameters
    ----------
    path
        The file as the user named it (``-`` for standard input).
    message
        What was found and what was expected, in the user's words.
    line
        1-based line number, when the format has lines.
    """

    def __init__(self, path: str | os.PathLike[str], message: str, line: int | None = None) -> None:
        self.path = str(path)
        self.line = line
        self.message = brief(message)
        place = self.path if line is None else f"{self.path}:{line}"
        super().__init__(f"{place}: {self.message}")


_NO_THREAD = "can't start new thread"


def lacks_memory(error: BaseException) -> bool:
    """Return whether a computation failed because memory ran out, on a GPU or a CPU.

    torch raises errors of several types, with the words of the library that ran out. A thread that cannot
    start lacks memory for its stack, or is one more than the system allows. An extension whose allocation
    failed without setting an error ends in a `SystemError`.
    """
    words = (
        "out of memory", "not enough memory", "can't allocate memory", "cannot allocate memory",
        "bad_alloc", "alloc_failed", _NO_THREAD,
    )  # fmt: skip
    text = str(error).lower()
    if isinstance(error, SystemError):
        return "without exception set" in text or "without setting an exception" in text
    return isinstance(error, MemoryError) or (
        isinstance(error, RuntimeError) and any(word in text for word in words)
    )


class UsageError(SeqnetError):
    """The options contradict each other or lack something; exits with 2."""

    exit_code = 2


class ArgumentError(UsageError, TypeError):
    """A function of the package was called with arguments that it does not take."""


class NumberError(UsageError, ValueError):
    """A function of the package was given a number outside the argument's range."""


class MissingLibraryError(SeqnetError):
    """An optional library is needed that is not installed; the message names the extra that installs it."""


class Terminated(BaseException):
    """SIGTERM arrived; raised so that temporary files are removed on the way out."""


_UNMAPPED = "failed to map segment from shared object"
"""What the loader says of a library that does not fit into memory."""


def describe(error: BaseException) -> str:
    """Return an error as one line in the user's words."""
    if lacks_memory(error) and _NO_THREAD in str(error):
        return "no thread can be started; free memory, or use fewer threads"
    if lacks_memory(error):
        return "out of memory; use smaller input, fewer threads or a smaller batch"
    if library := failed_import(error):
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        return f"{library} cannot be loaded: {reason}; {_advice(error)}"
    if isinstance(error, RecursionError):
        return "an input is nested too deeply"
    if isinstance(error, UnicodeError):
        return f"a text could not be encoded or decoded: {error}"
    if isinstance(error, OSError):
        reason = os.strerror(error.errno).lower() if error.errno else str(error)
        return f"{error.filename}: {reason}" if error.filename else reason
    return " ".join(str(error).split())


def _advice(error: BaseException) -> str:
    """Return what helps where a library cannot be loaded; not all errors are of the installation."""
    again = "install it again"
    broken = isinstance(error, ImportError) and _UNMAPPED not in str(error)
    return again if broken else f"free memory and temporary space, or {again}"


def failed_import(error: BaseException) -> str:
    """Return the library whose import ended in an error, whatever the error's type; empty for none."""
    if isinstance(error, SeqnetError):
        return ""
    own = ("", "seqnet", "__main__")
    if isinstance(error, ImportError) and (top := (error.name or "").partition(".")[0]) not in own:
        return top
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_name == "<module>":  # the code of a module runs while it is imported
            top = str(trace.tb_frame.f_globals.get("__name__", "")).partition(".")[0]
            if top not in own:
                return top
        trace = trace.tb_next
    return ""
