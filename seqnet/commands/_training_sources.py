"""What train reads, as options."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from seqnet.commands._options import combine, genome_option, soft_mask_option, tasks_option
from seqnet.commands._signals import SignalFit, SignalSource
from seqnet.errors import UsageError

if TYPE_CHECKING:
    from seqnet.genome.alphabet import SoftMask

SHUFFLE = "shuffle"
"""What ``--negatives`` says for shuffles of the positives."""
BOUND = "bound"
"""The task of ``--positives``."""

feature_options = click.option("--features", metavar="TABLE", help="k-mer table, joined to --labels by name.")
sequence_options = combine(
    click.option("--regions", metavar="BED", help="Labelled regions (with --genome, --signal or both)."),
    genome_option,
    click.option("--sequences", metavar="FASTA", help="Sequences, joined to --labels by name."),
    click.option("--labels", metavar="TABLE", help="Labelled regions, or a table of names and tasks."),
    click.option("--positives", metavar="FASTA", help="Positive sequences of one task."),
    click.option("--negatives", metavar="FASTA|shuffle",
                 help="Negative sequences (with --positives); shuffle takes dinucleotide shuffles of the "
                 "positives, new ones each epoch."),
    click.option("--table", metavar="FILE", help="TSV or CSV with a sequence column."),
    click.option("--sequence-column", metavar="COLUMN",
                 help="Name (or number, without a header) of the column of sequences."),
    click.option("--target", "target_columns", multiple=True, metavar="COLUMN",
                 help="Column of a target (with --table). Repeats."),
    click.option("--name-column", metavar="COLUMN", help="Column of names (with --table)."),
    click.option("--split-column", metavar="COLUMN", help="Column of train, valid, test (with --table)."),
    click.option("--group-column", metavar="COLUMN",
                 help="Rows with the same text here stay in one split (with --table)."),
    click.option("--weight-column", metavar="COLUMN",
                 help="Weight of each row in the loss: 0 or more (with --table)."),
    click.option("--length", type=click.IntRange(1), metavar="BASES",
                 help="Crop or pad sequences around their centre to this length. Default: the longest."),
    tasks_option,
    soft_mask_option,
)  # fmt: skip


_SPLIT_OPTIONS = ("valid_chroms", "test_chroms", "valid_fraction", "test_fraction")


def take_splits(options: dict[str, Any]) -> dict[str, Any]:
    """Take the options of `split_options` out of a command's."""
    return {name: options.pop(name) for name in _SPLIT_OPTIONS}


class Source(NamedTuple):
    """The options of this module as values."""

    features: str | None = None
    labels: str | None = None
    regions: str | None = None
    genome: str | None = None
    sequences: str | None = None
    positives: str | None = None
    negatives: str | None = None
    table: str | None = None
    sequence_column: str | None = None
    target_columns: Sequence[str] = ()
    name_column: str | None = None
    split_column: str | None = None
    group_column: str | None = None
    weight_column: str | None = None
    length: int | None = None
    tasks: Sequence[str] | None = None
    soft_mask: SoftMask = "ignore"
    tracks: SignalSource = SignalSource()
    fit: SignalFit = SignalFit()

    @staticmethod
    def take(options: dict[str, Any]) -> Source:
        """Take a source's options out of a command's."""
        taken = {name: options.pop(name) for name in Source._fields if name in options}
        if "signals" in options:
            taken |= {"tracks": SignalSource.take(options), "fit": SignalFit.take(options)}
        return Source(**taken)

    def way(self) -> str:
        """Return which of the ways to give input this is.

        Raises
        ------
        UsageError
            If it is none, or two at once.
        """
        ways = {"features": self.features, "regions": self.regions, "sequences": self.sequences,
                "positives": self.positives, "table": self.table}  # fmt: skip
        given = [name for name, value in ways.items() if value is not None]
        if len(given) != 1:
            found = " and ".join(f"--{name}" for name in given) or "none of them"
            raise UsageError(
                f"give one of --regions, --sequences, --positives, --table or --features; found {found}"
            )
        self._check_companions(given[0])
        self.tracks.check()
        self.fit.check([file.name for file in self.tracks.signals])
        if self.tracks.signals and given[0] != "regions":
            raise UsageError(f"--signal needs --regions: there are no places with --{given[0]}")
        return given[0]

    def _check_companions(self, way: str) -> None:
        """Refuse options that belong to another way, and miss those that belong to this one."""
        columns = {"--sequence-column": self.sequence_column, "--target": self.target_columns}
        more = {"--name-column": self.name_column, "--split-column": self.split_column,
                "--group-column": self.group_column, "--weight-column": self.weight_column}  # fmt: skip
        needs: dict[str, dict[str, Any]] = {
            "regions": {"--genome": self.genome or bool(self.tracks.signals)},
            "features": {"--labels": self.labels},
            "sequences": {"--labels": self.labels},
            "positives": {"--negatives": self.negatives},
            "table": columns,
        }
        for name, value in needs[way].items():
            if not value:
                raise UsageError(f"--{way} needs {name}")
        others = {name: value for other in needs.values() for name, value in other.items()} | more
        allowed = {*needs[way], *(more if way == "table" else ())}
        for name, value in others.items():
            if value and name not in allowed:
                raise UsageError(f"{name} does not go with --{way}")
