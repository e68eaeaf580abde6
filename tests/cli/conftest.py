"""Runs of the command line tests."""

import logging

import pytest

from seqnet.cli import seqnet
from seqnet.commands.options.common import _THREAD_VARIABLES


@pytest.fixture
def inside(monkeypatch):
    """Run ``seqnet ARGS`` in this process: faster, for many runs whose output goes to files."""
    for name in _THREAD_VARIABLES:
        monkeypatch.setenv(name, "1")  # so that it is put back
    logger = logging.getLogger("seqnet")
    before = logger.handlers, logger.level, logger.propagate
    yield lambda *args: seqnet.main([*map(str, args)], prog_name="seqnet", standalone_mode=False)
    logger.handlers, logger.propagate = before[0], before[2]
    logger.setLevel(before[1])
