"""A folder of checkpoints: the last two states of a training run, sealed like model files.

A checkpoint appears whole or not at all. Its header holds the settings of the run (options, and
digests of the inputs), and going on with others is an error that lists the differences.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqnet.aliases import Json
from seqnet.errors import FormatError, SeqnetError, UsageError
from seqnet.formats.files.checksummed import seal, sealed_tensors, unseal
from seqnet.formats.files.opening import open_output
from seqnet.formats.files.temporary import locked
from seqnet.networks.header.types import FieldError, Leaf, MapOf, Record, check_value

_KEY = "seqnet-checkpoint"
_OBJECT = MapOf(Leaf("anything", lambda _value: True))
_HEADER = Record({"settings": _OBJECT, "values": _OBJECT})
_PATTERN = "checkpoint-*.safetensors"
_LEFTOVERS = ".checkpoint-*.seqnet-tmp"
KEPT = 2


class Checkpoint(NamedTuple):
    """The state of a run."""

    settings: Json
    values: Json
    arrays: Mapping[str, NDArray[np.generic]]


def write_checkpoint(path: str, checkpoint: Checkpoint) -> None:
    """Write a checkpoint."""
    header = {"settings": checkpoint.settings, "values": checkpoint.values}
    data = seal(_KEY, header, checkpoint.arrays)
    with open_output(path, at_once=True) as stream:
        stream.write(data)


def read_checkpoint(path: str) -> Checkpoint:
    """Read and verify a checkpoint.

    Raises
    ------
    FormatError
        If it is no checkpoint, or damaged, or a field of its header is not of its type.
    """
    data = Path(path).read_bytes()
    header = unseal(_KEY, data, path, "checkpoint")
    try:
        check_value(_HEADER, header)
    except FieldError as error:
        raise FormatError(path, f"is not a checkpoint that can be read: {error}") from error
    return Checkpoint(header["settings"], header["values"], sealed_tensors(data, path, "checkpoint"))


class CheckpointFolder:
    """The checkpoints of one run.

    Parameters
    ----------
    path
        The folder.
    settings
        Of this run: what must be the same to go on.
    """

    def __init__(self, path: str, settings: Json) -> None:
        self.path = path
        self._settings = settings

    def save(self, step: int, values: Json, arrays: Mapping[str, NDArray[np.generic]]) -> None:
        """Write the checkpoint of a step, and remove all but the last two."""
        name = f"checkpoint-{step:09d}.safetensors"
        write_checkpoint(str(Path(self.path) / name), Checkpoint(self._settings, values, arrays))
        for old in self._files()[:-KEPT]:
            old.unlink(missing_ok=True)

    def latest(self) -> Checkpoint | None:
        """Return the last checkpoint, None where there is none.

        Raises
        ------
        FormatError
            If it is damaged, naming the one before.
        SeqnetError
            If it is of a run with other settings, naming the differences, or of another version.
        """
        files = self._files()
        if not files:
            return None
        try:
            checkpoint = read_checkpoint(str(files[-1]))
        except FormatError as error:
            before = f"; remove it to go on from {files[-2].name}" if len(files) > 1 else ""
            raise FormatError(error.path, error.message + before) from error
        _same_version(self.path, checkpoint.settings, self._settings)
        differences = describe_differences(checkpoint.settings, self._settings)
        if differences:
            raise SeqnetError(f"{self.path}: holds a run with other settings: {'; '.join(differences)}")
        return checkpoint

    def _files(self) -> list[Path]:
        """Return the checkpoints, oldest first."""
        return sorted(Path(self.path).glob(_PATTERN))


def _same_version(path: str, before: Json, now: Json) -> None:
    """Refuse the checkpoints of another version, whatever else is equal: its state may mean other things."""
    versions = [settings.get("versions") or {} for settings in (before, now)]
    old, new = (version.get("seqnet") if isinstance(version, dict) else None for version in versions)
    if old != new:
        raise SeqnetError(
            f"{path}: holds a run of seqnet {_short(old or '(unknown version)')}, this is {new}: a run goes "
            "on only in the version that began it; start again in another folder"
        )


def describe_differences(before: Json, now: Json, name: str = "") -> list[str]:
    """Return what differs between two JSON objects, key by key, as text.

    Examples
    --------
    >>> describe_differences({"epochs": 5, "inputs": {"a": "x"}}, {"epochs": 7, "inputs": {"a": "x"}})
    ['epochs was 5, now 7']
    """
    lines: list[str] = []
    for key in sorted({*before, *now}):
        old, new = before.get(key), now.get(key)
        place = f"{name}{key}"
        if isinstance(old, dict) and isinstance(new, dict):
            lines += describe_differences(old, new, f"{place} ")
        elif old != new:
            lines.append(f"{place} was {_short(old)}, now {_short(new)}")
    return lines


def _short(value: object) -> str:
    """Return a value as text, a long one cut."""
    text = str(value)
    return text if len(text) <= 40 else f"{text[:12]}..."


@contextmanager
def lock_folder(path: str, *, resume: bool) -> Iterator[None]:
    """Hold a folder of checkpoints, made if need be, for one run at a time.

    Raises
    ------
    UsageError
        If it holds something already and the run is not to be resumed.
    SeqnetError
        If another run holds it.
    """
    folder = Path(path)
    folder.mkdir(parents=True, exist_ok=True)
    if not resume and any(folder.iterdir()):
        raise UsageError(f"{path} is not empty; add --resume to go on with the run it holds")
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        if not locked(descriptor):
            raise SeqnetError(f"{path} is in use by another run")
        for leftover in folder.glob(_LEFTOVERS):  # of a run that was killed: nobody else writes here
            leftover.unlink()
        yield
    finally:
        os.close(descriptor)
