"""What every command leaves when nothing happens to it."""

import functools
import time
from typing import NamedTuple

import pytest

from tests.faults.lines import line, source_of
from tests.faults.processes import contents, finish


class Alone(NamedTuple):
    """A run to which nothing happened."""

    files: dict[str, bytes]
    seconds: float


@pytest.fixture(scope="session")
def alone(prepared, tmp_path_factory):
    """Return what the line of a command leaves, and how long it takes."""

    @functools.cache
    def get(names) -> Alone:
        place = tmp_path_factory.mktemp("alone")
        (place / "work").mkdir()
        begun = time.monotonic()
        ended = finish(line(names, prepared), place)
        seconds = time.monotonic() - begun
        assert (ended.code, ended.out, ended.err) == (0, b"", ""), ended
        return Alone(contents(place / "work"), seconds)

    return get


@pytest.fixture(scope="session")
def small_rows(prepared):
    """Return a file of few labelled regions."""
    return source_of(("predict",), prepared)
