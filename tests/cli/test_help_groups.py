"""Help shows the options of commands with many in titled groups."""

import click
import pytest

from seqnet.commands.options.groups import MOST_IN_ONE_LIST, TITLES, combine, title_of, titled, write_options
from tests.cli.test_contract import LEAVES

IDS = [" ".join(names) for names, _ in LEAVES]


def shown(command):
    return [param for param in command.params if isinstance(param, click.Option) and not param.hidden]


def sections(command):
    """Title to the options that help lists below it, in order."""
    found, title = {}, None
    for line in command.get_help(click.Context(command, info_name="x", terminal_width=78)).splitlines():
        if line.endswith(":") and not line.startswith(" "):
            title = line[:-1]
            found[title] = []
        elif line.strip() == "Example:":
            break
        elif title is not None and line.startswith("  ") and line[2:3].strip():
            found[title].append(line.strip().split("  ")[0])
    return found


@pytest.mark.parametrize(("names", "command"), LEAVES, ids=IDS)
def test_each_option_stands_in_help_once(names, command):
    listed = [text for options in sections(command).values() for text in options]
    assert all(text.startswith("-") for text in listed)
    flags = [
        word.strip(",").split("=")[0] for text in listed for word in text.split() if word.startswith("-")
    ]
    for param in shown(command):
        for name in (*param.opts, *param.secondary_opts):
            assert flags.count(name) == 1, name
    assert flags.count("--help") == 1


@pytest.mark.parametrize(("names", "command"), LEAVES, ids=IDS)
def test_many_options_are_in_groups_and_few_are_in_one(names, command):
    titles = list(sections(command))
    if len(shown(command)) + 1 <= MOST_IN_ONE_LIST:
        assert titles == ["Options"]
        return
    assert titles == [title for title in TITLES if title in titles]
    assert len(titles) >= 4
    for param in shown(command):
        assert title_of(param) is not None, f"{param.opts[-1]} of {' '.join(names)} is in no group"


@pytest.mark.parametrize("names", [("scan",), ("train", "cnn")], ids=" ".join)
def test_groups_of_well_known_options(names):
    command = dict(LEAVES)[names]
    where = {param.opts[-1]: title_of(param) for param in shown(command)}
    assert (where["--threads"], where["--output"], where["--genome"]) == (
        "Run",
        "Output",
        "Regions and genome",
    )
    assert sections(command)["Run"][-1] == "-h, --help"


def test_an_option_stays_in_the_group_that_is_declared_first():
    inner = titled("Input", click.option("--a"))

    @click.command("x")
    @titled("Run", inner, click.option("--b"))
    @combine(click.option("--c"))
    def command(**_values):
        pass

    assert [title_of(param) for param in command.params] == ["Input", "Run", None]


@pytest.mark.parametrize("count", [MOST_IN_ONE_LIST, MOST_IN_ONE_LIST + 1])
def test_one_option_more_than_fits_a_list_makes_groups(count):
    options = [titled("Input", click.option(f"--o{number}")) for number in range(count)]

    @click.command("x", add_help_option=False)
    @combine(*options)
    def command(**_values):
        pass

    ctx = click.Context(command)
    formatter = ctx.make_formatter()
    write_options(command.params, ctx, formatter)
    title = formatter.getvalue().splitlines()[0]
    assert title == ("Options:" if count == MOST_IN_ONE_LIST else "Input:")
