"""How long help takes, against a bare interpreter and click alone."""

from __future__ import annotations

import sys

from _measure import command_seconds, medians, print_table

ROUNDS = 21
CLICK = "import click; click.command()(lambda: None).main(['--help'])"


def main() -> None:
    """Time the start of commands."""
    python = sys.executable
    commands = {
        "python -c pass": [python, "-c", "pass"],
        "click alone, --help": [python, "-c", CLICK],
        "seqnet --help": [python, "-m", "seqnet", "--help"],
        "seqnet scan --help": [python, "-m", "seqnet", "scan", "--help"],
        "seqnet train cnn --help": [python, "-m", "seqnet", "train", "cnn", "--help"],
    }
    timed = {name: lambda command=command: command_seconds(command) for name, command in commands.items()}
    print_table("start-up", medians(timed, ROUNDS), "python -c pass")


if __name__ == "__main__":
    main()
