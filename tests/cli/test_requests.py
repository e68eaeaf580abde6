"""The command line and Python call the same functions, with the same arguments and defaults."""

import inspect

import click
import pytest

import seqnet
from seqnet.cli import seqnet as group
from seqnet.pipeline import calls


def command_of(name):
    """Return the command of a public function: ``train_cnn`` is ``seqnet train cnn``."""
    context = click.Context(group)
    words, found = name.replace("_", "-").split("-"), group
    while words:
        for count in range(len(words), 0, -1):
            next_one = found.get_command(context, "-".join(words[:count]))
            if next_one is not None:
                found, words = next_one, words[count:]
                break
        else:
            raise LookupError(name)
    return found


def options(command):
    """Return the parameters whose values a command's callback is given, but for hidden ones.

    Those are an older spelling of what another command does.
    """
    return [param for param in command.params if param.expose_value and not getattr(param, "hidden", False)]


@pytest.mark.parametrize("name", seqnet.API)
def test_options_are_the_arguments_of_the_function(name):
    arguments = inspect.signature(getattr(seqnet, name)).parameters
    assert {param.name for param in options(command_of(name))} == set(arguments)


def default_of(param, context):
    """Return what a callback is given where an option is left out."""
    default = param.get_default(context)
    if type(default).__name__ == "Sentinel":  # how newer releases of click say that there is none
        default = None
    if default is not None:
        default = param.type_cast_value(context, default)
    elif param.multiple or param.nargs == -1:
        default = ()
    if param.callback is not None and param.name != "threads":  # which counts the processors for 0
        default = param.callback(context, param, default)
    return tuple(default) if isinstance(default, list) else default


@pytest.mark.parametrize("name", seqnet.API)
def test_defaults_of_options_are_those_of_the_function(name):
    arguments = inspect.signature(getattr(seqnet, name)).parameters
    command = command_of(name)
    context = click.Context(command)
    for param in options(command):
        if param.required or isinstance(param, click.Argument):
            continue
        default = default_of(param, context)
        expected = arguments[param.name].default
        if param.name == "output":
            assert default == expected or (default, expected) == (
                "-",
                None,
            )  # Python returns what a shell prints
        else:
            assert default == expected, param.name


@pytest.mark.parametrize("name", seqnet.API)
def test_functions_have_an_example_and_typed_arguments(name):
    function = getattr(seqnet, name)
    assert ">>> " in inspect.getdoc(function)
    signature = inspect.signature(function)
    for argument in (*signature.parameters.values(), signature):
        text = str(getattr(argument, "annotation", None) or signature.return_annotation)
        assert "Any" not in text.replace("]", " ").split()
        assert text != str(inspect.Parameter.empty)


@pytest.mark.parametrize("name", seqnet.API)
def test_choices_of_options_are_values_that_the_function_takes(name):
    request = inspect.getclosurevars(getattr(seqnet, name)).nonlocals["request"]
    for param in options(command_of(name)):
        if isinstance(param.type, click.Choice):
            for choice in param.type.choices:
                calls._check_values(name, request, {param.name: (choice,) if param.multiple else choice})
