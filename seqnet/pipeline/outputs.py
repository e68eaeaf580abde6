"""Paths of outputs: whether they can be written, and one file for each motif or task."""

from __future__ import annotations

import errno
import io
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from seqnet.errors import UsageError
from seqnet.formats.files.opening import STANDARD, open_output, written_through

BESIDE_MODEL = {"metrics": ".metrics.tsv", "json_path": ".json", "plot": ".curve.svg"}
"""Parameter to what its default puts in the place of the model's suffix."""
MOTIF, TASK = "{motif}", "{task}"
"""The place of a motif's or a task's name in a path."""
_UNSAFE = re.compile(r"[/\0]|^\.+")


def safe_name(name: str) -> str:
    """Return a name as a file may have it: what parts folders, and dots that come first, become _.

    Examples
    --------
    >>> safe_name("a/b.1"), safe_name("..")
    ('a_b.1', '_')
    """
    return _UNSAFE.sub("_", name)


def path_per_motif(path: str, names: Sequence[str], option: str) -> list[str]:
    """Return the path of each motif's file; otherwise as `path_per_name`."""
    return path_per_name(path, MOTIF, names, f"{option}: two motifs would be written to")


def path_per_name(path: str, stands_for: str, names: Sequence[str], two: str) -> list[str]:
    """Return a path for each name, put in as a file may have it.

    Parameters
    ----------
    stands_for
        What the name takes the place of.
    two
        Beginning of the message about two names with the same path; the path follows.

    Raises
    ------
    UsageError
        If there are such.
    """
    paths: list[str] = []
    for name in names:
        own = path.replace(stands_for, safe_name(name))
        if own in paths:
            raise UsageError(f"{two} {own}")
        paths.append(own)
    return paths


def expect_page(path: str | None) -> None:
    """Check that the name of a report has the suffix of HTML, or none, as devices and pipes.

    Raises
    ------
    UsageError
        If it has another suffix.
    """
    suffix = Path(path or "").suffix.lower()
    if suffix not in ("", ".html", ".htm"):
        raise UsageError(
            f"--report {path}: a report is HTML; expected a name that ends in .html, not {suffix}"
        )


def expect_writable(*paths: str | None) -> None:
    """Make sure that outputs that are opened after long work can be, as far as their folders tell.

    Raises
    ------
    OSError
        Naming the first output that is a folder, or whose own is missing or takes no files.
    """
    for path in paths:
        if path is None or path == STANDARD:
            continue
        folder = Path(path).resolve().parent
        if Path(path).is_dir():
            reason = errno.EISDIR
        elif written_through(path) or os.access(folder, os.W_OK | os.X_OK):
            continue
        else:
            reason = errno.EACCES if folder.exists() else errno.ENOENT
        raise OSError(reason, os.strerror(reason), path)


@contextmanager
def open_result(output: str | None) -> Iterator[BinaryIO]:
    """Open an output; memory for None, which `memory_rows` reads afterwards."""
    if output is None:
        yield io.BytesIO()
        return
    with open_output(output) as stream:
        yield stream


def memory_rows(stream: BinaryIO) -> list[str]:
    """Return the rows of a table that was written to memory, without header lines."""
    assert isinstance(stream, io.BytesIO)
    text = stream.getvalue().decode("utf-8", "surrogateescape")
    return [line for line in text.splitlines() if not line.startswith("#")]
