"""Numbers in options: finite, in range, and refused in one short line, over every option of every command."""

import ast
import re
from pathlib import Path

import click
import pytest

import seqnet.commands
from seqnet.commands._boundary import names_file
from seqnet.commands.options.types import Number, Parsed
from seqnet.numerals import parse_whole
from seqnet.pipeline.ranges import Bounds
from tests.cli.test_contract import LEAVES

BAD = (
    "nan", "inf", "-inf", "1e400", "-1e400", str(10**20), "-" + str(10**20), "9" * 5000, "", "abc", "1_0",
    "\u0663", "0x10", "1e",
)  # fmt: skip


def types_of(option):
    """The types of the values of an option."""
    return option.type.types if isinstance(option.type, click.Tuple) else [option.type]


def options(chosen):
    """Every option of every command that takes a value and is chosen, as parameters of a test."""
    return [
        pytest.param(command, option, id=f"{' '.join(names)} {option.opts[-1]}")
        for names, command in LEAVES
        for option in command.params
        if isinstance(option, click.Option) and not option.is_flag and chosen(option)
    ]


def is_number(option):
    """Whether the values of an option are numbers."""
    return all(isinstance(kind, Number) for kind in types_of(option))


def refused(command, *args):
    """The message of a value that is refused while options are parsed."""
    with pytest.raises(click.BadParameter) as failure:
        command.make_context("test", list(args))
    message = failure.value.format_message()
    assert len(message.splitlines()) == 1
    assert len(message) < 300
    return message


def test_no_option_takes_numbers_that_are_not_checked():
    plain = click.types.IntParamType | click.types.FloatParamType
    for _, option in (found.values for found in options(lambda _: True)):
        for kind in types_of(option):
            assert isinstance(kind, Number) or not isinstance(kind, plain), option.opts


@pytest.mark.parametrize(("command", "option"), options(is_number))
def test_numbers_that_are_not_finite_or_out_of_range_are_refused_in_a_line(command, option):
    kinds = types_of(option)
    real = any(not kind.bounds.whole for kind in kinds)
    for text in BAD:
        if real and text.strip("-") == str(10**20) and kinds[0].max is None:
            continue  # finite, and not beyond the limit
        message = refused(command, option.opts[-1], *[text] * len(kinds))
        assert "finite" in message or "whole" in message or "range" in message or "too" in message
    for kind in kinds:
        if kind.min is not None and not isinstance(option.type, click.Tuple):
            assert "range" in refused(command, option.opts[-1], str(int(kind.min) - 1))


def test_bounds_of_many_digits_are_shown_as_powers_of_ten():
    with pytest.raises(ValueError, match=r"^'1e308' is too large; expected 1e\+30 at most$"):
        Number(Bounds(limit=1e30)).read("1e308")
    with pytest.raises(ValueError, match=r"is too large; expected 9223372036854775807 at most$"):
        parse_whole("9" * 30)


@pytest.mark.parametrize(("command", "option"), options(lambda option: isinstance(option.type, Parsed)))
def test_numbers_inside_a_text_are_refused_alike(command, option):
    assert option.type.examples
    for example in option.type.examples:
        option.type.convert(example, option, None)
        number = re.search(r"(?<![a-z0-9.])\d[\d.]*(e-?\d+)?", example)
        for text in BAD if number else ():
            if text in ("", "abc") and example.startswith("0.3,"):
                continue
            changed = example[: number.start()] + text + example[number.end() :]
            if "," in text or (text.strip("-") == str(10**20) and option.name == "background"):
                continue
            refused(command, option.opts[-1] + "=" + changed)


def test_commands_read_numbers_with_their_types_alone():
    for path in Path(seqnet.commands.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            name = node.attr if isinstance(node, ast.Attribute) else ""
            assert name not in (
                "isdecimal",
                "isdigit",
                "isnumeric",
                "FloatRange",
                "IntRange",
                "FLOAT",
                "INT",
            ) or (path.name == "types.py"), f"{path.name}:{node.lineno}"


SINGLE = options(lambda option: not option.multiple)


def a_value(option):
    """A value that an option takes."""
    kind = option.type
    if isinstance(kind, click.Choice):
        return [str(kind.choices[0])]
    if isinstance(kind, Parsed):
        return [kind.examples[0]]
    if isinstance(kind, click.Tuple):
        return ["5", "3"]
    if isinstance(kind, Number):
        low = 0 if kind.min is None else kind.min
        return [str(max(low, 1)) if kind.bounds.whole else str((low + min(kind.max or 1, 1)) / 2)]
    return ["x"]


@pytest.mark.parametrize(("command", "option"), SINGLE)
def test_a_single_value_given_twice_is_an_error_for_files_and_a_warning_for_the_rest(
    command, option, capsys, monkeypatch
):
    monkeypatch.setattr(option, "callback", None)  # which sets threads of the whole process
    needed = [p for p in command.params if p.required and p is not option]
    args = [
        word for p in needed for word in ([p.opts[-1]] if isinstance(p, click.Option) else []) + a_value(p)
    ]
    args += [option.opts[-1], *a_value(option)] * 2
    if names_file(option):
        with pytest.raises(
            click.UsageError, match=f"{option.opts[-1]} is given more than once; give it once"
        ):
            command.make_context("seqnet test", [*args])
        return
    command.make_context("seqnet test", [*args])  # click empties it
    told = capsys.readouterr().err.splitlines()
    assert told == [
        f"seqnet test: warning: {option.opts[-1]} is given more than once; the last value is used"
    ]
    command.make_context("seqnet test", [*args, "-q"])
    assert capsys.readouterr().err == ""


def test_every_option_that_names_a_file_has_a_metavar_that_says_so():
    for _, option in (
        found.values for found in options(lambda o: o.type is click.STRING and not names_file(o))
    ):
        known = {
            "NAMES",
            "A,B,C",
            "COLUMN",
            "FORMAT",
            "NAME",
            "TEXT",
            "RULE",
            "NAME=X",
            "GLOB",
            "1101",
            "WHICH",
            "A,B",
            "SAMPLE|all",
            "PLUS,MINUS",
            "DIR",
            "FOLDER",
        }
        assert option.multiple or option.metavar in known or option.name in ("name", "device")


@pytest.mark.parametrize(
    "words", [("--insert", "-q"), ("--insert=--seed",), ("--pair", "A,B", "--insert", "--pair")]
)
def test_an_option_does_not_take_the_next_option_for_its_value(run, words):
    ended = run("perturb", "m.safetensors", *words)
    assert (ended.code, ended.out) == (2, b"")
    assert ended.err.startswith("seqnet perturb: error: option '--insert' requires an argument; -")
    assert ended.err.count("\n") == 1


def test_two_genomes_are_an_error_before_anything_is_read(run):
    finished = run("evaluate", "--model", "a", "--regions", "r", "--genome", "g", "--genome", "h")
    assert finished.code == 2
    assert finished.err == (
        "seqnet evaluate: error: --genome is given more than once; give it once (see 'seqnet evaluate --help')\n"
    )
