"""Shells complete options, choices and file names."""

import click
import pytest
from click.shell_completion import BashComplete

from seqnet.cli import seqnet
from seqnet.commands._boundary import names_file
from seqnet.commands.options.outputs import OutputFile
from tests.cli.test_contract import LEAVES


def completions(*words, incomplete=""):
    shell = BashComplete(seqnet, {}, "seqnet", "_SEQNET_COMPLETE")
    return {(item.type, item.value) for item in shell.get_completions(list(words), incomplete)}


def test_options_are_completed_but_for_older_spellings():
    assert completions("scan", incomplete="--he") == {("plain", "--header"), ("plain", "--help")}
    assert completions("scan", incomplete="--no") == set()


def test_choices_are_completed():
    assert completions("scan", "--header", incomplete="c") == {("plain", "columns")}


@pytest.mark.parametrize(("names", "command"), LEAVES, ids=[" ".join(names) for names, _ in LEAVES])
def test_file_names_are_left_to_the_shell(names, command):
    files = {
        param.opts[-1]
        for param in command.params
        if isinstance(param, click.Option) and not param.hidden
        and (isinstance(param.type, OutputFile) or (names_file(param) and type(param.type).__name__ != "Parsed"))
    }  # fmt: skip
    assert files
    for option in files:
        assert completions(*names, option, incomplete="da") == {("file", "da")}, option
    if any(isinstance(param, click.Argument) for param in command.params):
        assert completions(*names, incomplete="da") == {("file", "da")}


def test_names_that_are_no_files_are_not_completed():
    assert completions("scan", "--motif", incomplete="da") == set()
