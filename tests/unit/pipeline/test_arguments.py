"""Numbers out of range and unknown choices: refused from Python as on the command line."""

import dataclasses
import importlib
import inspect
import re

import click
import numpy as np
import pytest

import seqnet
from seqnet.cli import COMMANDS
from seqnet.commands.options.types import Number
from seqnet.errors import ArgumentError, NumberError, UsageError
from seqnet.kmers.settings import LARGEST_HASH, LONGEST_WORD
from seqnet.lookup import resolve
from seqnet.motifs.background import LARGEST_ORDER
from seqnet.pipeline.ranges import RANGES, Bounds, check_numbers, range_of

OTHERS_TOO = {("train_denoise", "monitor"): {"accuracy", "auroc", "auprc"}}
"""Choices of other commands, which the request itself refuses."""
READ_BY_NAME = {"contigs", "optimiser_options"}
"""Arguments whose numbers mean several things; their own code checks them."""


def options(name, kind):
    """Each step of a command, its arguments of one type of option, and their types."""
    module = importlib.import_module(f"seqnet.commands.{COMMANDS[name].module}")
    commands = {name: module.command}
    if isinstance(module.command, click.Group):
        commands = {f"{name}_{part}": inner for part, inner in module.command.commands.items()}
    return [
        (step.replace("-", "_"), param.name, param.type)
        for step, command in commands.items()
        for param in command.params
        if isinstance(param.type, kind)
    ]


def request_of(step):
    """The class whose fields are the arguments of a step."""
    cells = (cell.cell_contents for cell in resolve(seqnet.API[step]).__closure__)
    return next(held for held in cells if inspect.isclass(held) and dataclasses.is_dataclass(held))


@pytest.mark.parametrize("name", COMMANDS)
def test_options_and_arguments_have_the_same_ranges(name):
    for step, argument, number in options(name, Number):
        assert range_of(step, argument) == number.bounds, (step, argument)


@pytest.mark.parametrize("name", COMMANDS)
def test_options_and_arguments_have_the_same_choices(name):
    for step, argument, choice in options(name, click.Choice):
        function = getattr(seqnet, step)
        parameters = inspect.signature(function).parameters.values()
        needed = {each.name: "cuts" for each in parameters if each.default is each.empty}  # any text
        with pytest.raises(ArgumentError, match=f"{argument} is .*no such.*; expected ") as error:
            function(**needed | {argument: "no such"})
        found = set(re.findall(r"'([^']*)'", str(error.value).split("expected ")[1]))
        expected = set(choice.choices) | OTHERS_TOO.get((step, argument), set())
        assert found == expected, (step, argument)


@pytest.mark.parametrize("step", seqnet.API)
def test_every_number_has_a_range(step):
    for owner in inspect.getmro(request_of(step)):
        for argument, kind in vars(owner).get("__annotations__", {}).items():
            numeric = re.search(r"\b(int|float)\b", str(kind)) and "ClassVar" not in str(kind)
            if numeric and argument not in READ_BY_NAME:
                assert range_of(step, argument) is not None, argument


@pytest.mark.parametrize(
    ("step", "fields", "message"),
    [
        ("train_cnn", {"epochs": -1}, "epochs is -1; expected a whole number of at least 1"),
        ("train_cnn", {"epochs": 2.5}, "epochs is 2.5; expected a whole number"),
        ("train_cnn", {"ema": 5.0}, "ema is 5.0; expected a number from 0 to below 1"),
        ("train_cnn", {"jitter": np.int64(-3)}, "jitter is -3; expected a whole number of at least 0"),
        ("train_cnn", {"signal_clip": {"a": 0.9, "b": 2}}, "signal_clip holds 2; expected a number above 0"),
        ("train_cnn", {"learning_rate": float("nan")}, "learning_rate is nan; expected a number above 0"),
        ("train_dense", {"hidden": [8, 0]}, "hidden holds 0; expected a whole number from 1 to 1000000"),
        ("train_linear", {"k": 13}, "k holds 13; expected a whole number from 1 to 12"),
        ("scan", {"motifs": "m", "p_value": 7}, "p_value is 7; expected a number above 0 and up to 1"),
        ("scan", {"motifs": "m", "threads": -1}, "threads is -1; expected a whole number of at least 0"),
        ("pssm", {"p_values": (0.1, 2)}, "p_values holds 2; expected a number above 0 and up to 1"),
        ("predict", {"model": "m", "prior": 0.0}, "prior is 0.0; expected a number above 0 and below 1"),
        ("perturb", {"model": "m", "shuffles": 20_000}, "shuffles is 20000; expected .* from 1 to 10000"),
        ("variants", {"models": "m", "part": (3, 2)}, r"part is \(3, 2\); expected the lower number first"),
    ],
)  # fmt: skip
def test_numbers_out_of_range_are_refused_before_anything_is_read(step, fields, message):
    with pytest.raises(NumberError, match=f"seqnet.{step}: {message}") as error:
        getattr(seqnet, step)(**fields)
    assert isinstance(error.value, UsageError)
    assert isinstance(error.value, ValueError)


def test_what_is_no_number_is_left_to_others():
    check_numbers("label", {"center": "auto", "width": None, "negatives": 0, "peaks": iter("a"), "step": "9"})


@pytest.mark.parametrize("open_end", [False, True])
def test_ends_are_inside_unless_they_are_open(open_end):
    bounds = Bounds(0, 1, open_end, open_end)
    assert [bounds.has(value) for value in (-1e-9, 0, 0.5, 1, 1 + 1e-9)] == [
        False, not open_end, True, not open_end, False,
    ]  # fmt: skip
    assert not any(Bounds().has(value) for value in (float("nan"), float("inf"), 1e31))


def test_the_largest_are_those_that_the_computation_takes():
    assert (RANGES["k"].high, RANGES["hash_bits"].high) == (LONGEST_WORD, LARGEST_HASH)
    assert RANGES["order"].high == LARGEST_ORDER
