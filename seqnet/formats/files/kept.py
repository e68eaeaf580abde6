"""Standard input that is read several times, under its own name."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

_STANDARD = "-"
_copies: list[str] = []
"""The file that ``-`` means, while there is one."""


def kept_copy(path: str) -> str:
    """Return the file that holds a copy of ``-``, where one is kept; other paths as they are."""
    return _copies[-1] if path == _STANDARD and _copies else path


@contextmanager
def kept_input(path: str) -> Iterator[None]:
    """Copy ``-`` to a file, so that it can be read several times while the block runs.

    Readers are given ``-`` as before, so that names and messages know no other; `kept_copy` is for
    libraries that open files by name. Other paths need no copy.
    """
    if path != _STANDARD:
        yield
        return
    from seqnet.formats.files.opening import open_input

    with tempfile.NamedTemporaryFile(prefix="seqnet-") as spool:
        with open_input(path) as source:
            shutil.copyfileobj(source, spool)
        spool.flush()
        _copies.append(spool.name)
        try:
            yield
        finally:
            _copies.pop()
