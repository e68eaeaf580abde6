"""Options in titled groups, which help shows for commands with many options."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import click

Function = TypeVar("Function", bound=Callable[..., Any])

TITLES = (
    "Input", "Table", "Regions and genome", "Motifs", "K-mers", "Signal tracks", "Reads", "Peaks", "Tiles",
    "Sites", "Sequences", "Effects", "Background", "Scores", "Hits", "Negatives", "Split", "Network",
    "Targets and loss", "Optimisation", "Checkpoints", "Evaluation", "Attribution", "Track", "Picture",
    "Output", "Run",
)  # fmt: skip
"""The groups, in the order of help."""
MOST_IN_ONE_LIST = 15
"""Options of a command whose help is one list."""
_TITLE_OF: WeakKeyDictionary[click.Parameter, str] = WeakKeyDictionary()


def combine(*decorators: Callable[[Any], Any]) -> Callable[[Function], Function]:
    """Return one decorator that applies several, the first outermost."""

    def apply(function: Function) -> Function:
        for decorator in reversed(decorators):
            function = decorator(function)
        return function

    return apply


def titled(title: str, *decorators: Callable[[Any], Any]) -> Callable[[Function], Function]:
    """Return one decorator that declares the options of several in a group of help.

    Options that are in a group already stay there.

    Parameters
    ----------
    title
        One of `TITLES`.
    """
    assert title in TITLES, title
    declare = combine(*decorators)

    def apply(function: Function) -> Function:
        before = len(_declared(function))
        function = declare(function)
        for param in _declared(function)[before:]:
            _TITLE_OF.setdefault(param, title)
        return function

    return apply


def option_in(title: str, *names: str, **attributes: Any) -> Callable[[Function], Function]:
    """Declare an option in a group of help; names and attributes are those of `click.option`."""
    return titled(title, click.option(*names, **attributes))


def _declared(function: Callable[..., Any]) -> Sequence[click.Parameter]:
    """Return the parameters that decorators have given a function so far."""
    params: Sequence[click.Parameter] = getattr(function, "__click_params__", ())
    return params


def title_of(param: click.Parameter) -> str | None:
    """Return the group of an option; None where it is in none."""
    return _TITLE_OF.get(param)


def write_options(
    params: Sequence[click.Parameter], ctx: click.Context, formatter: click.HelpFormatter
) -> None:
    """Write the options of a command: up to `MOST_IN_ONE_LIST` in one list, more in groups.

    What is in no group, such as the option that shows help, is in the last.
    """
    options = [param for param in params if isinstance(param, click.Option)]
    records = [(title_of(option) or TITLES[-1], option.get_help_record(ctx)) for option in options]
    shown = [(title, record) for title, record in records if record is not None]
    if len(shown) <= MOST_IN_ONE_LIST:
        shown = [("Options", record) for _, record in shown]
    for title in ("Options", *TITLES):
        if rows := [record for of, record in shown if of == title]:
            with formatter.section(title):
                formatter.write_dl(rows)
