"""The errors seqnet raises on purpose: each is one clear line for the user."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import os


class SeqnetError(Exception):
    """Something in the data or the surroundings stops the work; the message says what and where.

    The command line prints the message alone and exits with ``exit_code``.
    """

    exit_code = 1


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
        self.message = message
        place = self.path if line is None else f"{self.path}:{line}"
        super().__init__(f"{place}: {message}")


class UsageError(SeqnetError):
    """The options contradict each other or lack something; exits with 2."""

    exit_code = 2
