"""Write docs/cli.md from the commands' own help.

Usage: python docs/make_cli.py [--check]
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from seqnet.cli import seqnet

PAGE = Path(__file__).parent / "cli.md"
WIDTH = 90
PREFACE = """\
# The command line

Made from `--help` by `make docs`; `make check` fails when it is out of date.

Data go to stdout, everything else to stderr. `-` is stdin or stdout, and the last input may be left
out for stdin. Compression is recognised by content when reading and chosen by suffix when writing
(`.gz` and `.bgz` are BGZF). A file appears under its name only when complete. Exit codes: 0 done,
1 bad data, missing file or full disk, 2 usage, 130 Ctrl-C, 141 closed pipe, 143 SIGTERM.

On a terminal, the tables of `evaluate`, `show`, `compare`, `enrich` and `check` and the counts of
`label` are aligned and fit its width; files and pipes get tabs.

`eval "$(_SEQNET_COMPLETE=bash_source seqnet)"` (or `zsh_source`) completes commands, options, choices and
file names.
"""


def commands(group: click.Group, path: str) -> Iterator[tuple[str, str]]:
    """Yield path and help of a group and everything below it, in order."""
    ctx = click.Context(group, info_name=path, terminal_width=WIDTH)
    yield path, group.get_help(ctx)
    for name in group.list_commands(ctx):
        command = group.get_command(ctx, name)
        assert command is not None
        below = f"{path} {name}"
        if isinstance(command, click.Group):
            yield from commands(command, below)
        else:
            yield below, command.get_help(click.Context(command, info_name=below, terminal_width=WIDTH))


def page() -> str:
    """Return the whole page."""
    sections = [f"## {path}\n\n```\n{text}\n```\n" for path, text in commands(seqnet, "seqnet")]
    return "\n".join([PREFACE, *sections])


def main() -> int:
    """Write the page, or say whether it is up to date."""
    if "--check" not in sys.argv:
        PAGE.write_text(page())
        return 0
    if PAGE.exists() and PAGE.read_text() == page():
        return 0
    print(f"{PAGE.name} is out of date; run 'make docs'", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
