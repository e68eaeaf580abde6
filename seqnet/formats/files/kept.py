"""Temporary copies: standard input that is read several times, and rows that are put away."""

from __future__ import annotations

import io
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from seqnet.formats.files.opening import BUFFER, STANDARD, copy_of_standard_input, open_input
from seqnet.formats.files.temporary import NamedFile


@contextmanager
def kept_input(path: str) -> Iterator[None]:
    """Copy ``-`` to a file, so that it can be read several times while the block runs.

    Readers are given ``-`` as before, so that names and messages know no other; `kept_copy` of `opening` is
    for libraries that open files by name. Other paths need no copy.
    """
    if path != STANDARD:
        yield
        return
    with tempfile.NamedTemporaryFile(prefix="seqnet-") as spool:
        with open_input(path) as source:
            shutil.copyfileobj(source, spool)
        spool.flush()
        with copy_of_standard_input(spool.name):
            yield


@contextmanager
def temporary_rows(folder: str | None) -> Iterator[BinaryIO]:
    """Yield a nameless file, to be written and read back; it is gone however the block ends.

    Parameters
    ----------
    folder
        Where it takes its space; the system's folder for temporary files when None.
    """
    place = folder or tempfile.gettempdir()
    try:
        descriptor, name = tempfile.mkstemp(dir=place, prefix="seqnet-")
    except OSError as error:
        error.filename = place
        raise
    Path(name).unlink()
    with io.BufferedRandom(NamedFile(descriptor, place, "w+b"), BUFFER) as stream:
        yield cast("BinaryIO", stream)
