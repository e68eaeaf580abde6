"""Paths of outputs that come as one file a motif."""

from __future__ import annotations

from collections.abc import Sequence

from seqnet.errors import UsageError

MOTIF = "{motif}"
"""What stands for a motif's name in a path."""


def path_per_motif(path: str, names: Sequence[str], option: str) -> list[str]:
    """Return the path of each motif's file, its name put in; characters that part folders become _.

    Raises
    ------
    UsageError
        If two motifs would be written to one file.
    """
    paths: list[str] = []
    for name in names:
        own = path.replace(MOTIF, name.replace("/", "_"))
        if own in paths:
            raise UsageError(f"{option}: two motifs would be written to {own}")
        paths.append(own)
    return paths
