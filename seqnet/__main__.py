"""``python -m seqnet``: the outer ring of the error boundary around the command group."""

from __future__ import annotations

from seqnet.cli import seqnet
from seqnet.commands._boundary import run


def main() -> None:
    """Run the command line and exit with its code."""
    run(seqnet)


if __name__ == "__main__":
    main()
