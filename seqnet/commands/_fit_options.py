"""How networks are trained, as options."""

from __future__ import annotations

import click

from seqnet.commands._options import combine, device_option

fit_options = combine(
    click.option("--epochs", type=click.IntRange(1), default=25, show_default=True, help="Epochs at most."),
    click.option("--batch-size", type=click.IntRange(1), default=128, show_default=True,
                 help="Rows per step."),
    click.option("--learning-rate", type=click.FloatRange(0, min_open=True), default=2e-3,
                 show_default=True, help="Peak learning rate of the one-cycle schedule."),
    click.option("--weight-decay", type=click.FloatRange(0), default=0.01, show_default=True,
                 help="Weight decay of AdamW."),
    click.option("--patience", type=click.IntRange(1), default=10, show_default=True,
                 help="Epochs without a better validation loss before stopping."),
    click.option("--plot", metavar="SVG", help="Learning curve (default: beside the model)."),
    device_option,
)  # fmt: skip
