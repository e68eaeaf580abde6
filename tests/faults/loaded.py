"""Loads what commands import, for the server that their processes are forked from."""

from tests.cli.mistakes import load_libraries

load_libraries()
