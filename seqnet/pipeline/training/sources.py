"""Where labelled rows come from: one type for each way to give them, and which options go with which."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from seqnet.errors import UsageError, shorten
from seqnet.formats import file_stem
from seqnet.pipeline.inputs.request import SignalFile, SignalFit, SignalSource

if TYPE_CHECKING:
    from seqnet.genome.alphabet import SoftMask

SHUFFLE = "shuffle"
"""What ``--negatives`` says for shuffles of the positives."""
BOUND = "bound"
"""The task of ``--positives``."""


NamedTracks: TypeAlias = "str | Mapping[str, str] | Sequence[str | SignalFile]"
"""Tracks: name to bigWig, or files each as ``[NAME=]BIGWIG``."""


def signal_files(tracks: NamedTracks) -> tuple[SignalFile, ...]:
    """Return tracks with the names that a model gives them; a file without a name has its base name.

    Raises
    ------
    UsageError
        If two have one name, or a name or a file is missing.
    """
    if isinstance(tracks, str | os.PathLike):
        tracks = [tracks]
    if isinstance(tracks, Mapping):
        files = [SignalFile(name, os.fspath(path)) for name, path in tracks.items()]
    else:
        files = [track if isinstance(track, SignalFile) else _signal_file(track) for track in tracks]
    names = [file.name for file in files]
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f"two tracks are named {name!r}; give them names: NAME=BIGWIG")
    return tuple(files)


def _signal_file(text: str) -> SignalFile:
    """Read ``NAME=FILE``, or a file whose base name is the name."""
    text = os.fspath(text)
    name, equals, path = text.partition("=")
    if not equals:
        path, name = text, file_stem(text)
    if not name or not path:
        raise UsageError(f"{shorten(text)}: expected NAME=BIGWIG, or a file")
    return SignalFile(name, path)


class LabelledFeatures(NamedTuple):
    """A k-mer table, joined to labels by name."""

    features: str
    labels: str
    tasks: Sequence[str] | None = None


class LabelledRegions(NamedTuple):
    """Regions of a genome, of tracks, or of both."""

    regions: str
    genome: str | None
    length: int | None
    tasks: Sequence[str] | None
    soft_mask: SoftMask
    tracks: SignalSource
    fit: SignalFit


class LabelledSequences(NamedTuple):
    """Sequences, joined to labels by name."""

    sequences: str
    labels: str
    length: int | None
    tasks: Sequence[str] | None
    soft_mask: SoftMask


class PositiveSequences(NamedTuple):
    """Positives, and negatives from a file or by shuffling."""

    positives: str
    negatives: str
    length: int | None
    soft_mask: SoftMask


class LabelledTable(NamedTuple):
    """A table with a column of sequences and columns of targets."""

    table: str
    sequence_column: str
    target_columns: Sequence[str]
    name_column: str | None
    split_column: str | None
    group_column: str | None
    weight_column: str | None
    length: int | None
    soft_mask: SoftMask


RowSource: TypeAlias = (
    LabelledFeatures | LabelledRegions | LabelledSequences | PositiveSequences | LabelledTable
)


def chosen_way(ways: Mapping[str, str | None]) -> str:
    """Return which of the ways to give rows was taken.

    Raises
    ------
    UsageError
        If it is none, or two at once.
    """
    names = [name for name, value in ways.items() if value is not None]
    if len(names) != 1:
        options = " and ".join(f"--{name}" for name in names) or "none of them"
        raise UsageError(
            f"give one of --regions, --sequences, --positives, --table or --features; found {options}"
        )
    return names[0]


_COLUMNS = {"--name-column": "name_column", "--split-column": "split_column",
            "--group-column": "group_column", "--weight-column": "weight_column"}  # fmt: skip
_NEEDS: dict[str, dict[str, str]] = {
    "regions": {"--genome": "genome"},
    "features": {"--labels": "labels"},
    "sequences": {"--labels": "labels"},
    "positives": {"--negatives": "negatives"},
    "table": {"--sequence-column": "sequence_column", "--target": "target_columns"},
}
"""Way to the options that it needs, and their fields."""


def check_companions(way: str, request: object, *, signals: bool) -> None:
    """Refuse options that belong to another way, and miss those that belong to this one.

    Parameters
    ----------
    signals
        Whether tracks are read, which regions may have in place of a genome.
    """
    for option, name in _NEEDS[way].items():
        if not getattr(request, name) and not (way == "regions" and signals):
            raise UsageError(f"--{way} needs {option}")
    others = {option: name for needs in _NEEDS.values() for option, name in needs.items()} | _COLUMNS
    allowed = {*_NEEDS[way], *(_COLUMNS if way == "table" else ())}
    for option, name in others.items():
        if getattr(request, name) and option not in allowed:
            raise UsageError(f"{option} does not go with --{way}")
    if signals and way != "regions":
        raise UsageError(f"--signal needs --regions: there are no places with --{way}")
