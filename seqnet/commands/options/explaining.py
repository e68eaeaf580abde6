"""Options of rows and references that commands which explain models have."""

from __future__ import annotations

import click

from seqnet.commands.options.groups import option_in, titled
from seqnet.commands.options.types import number
from seqnet.pipeline.explanation.request import ExplainRequest
from seqnet.pipeline.inputs.request import MOST_TASKS

row_options = titled("Input",
    click.option("--task", "tasks", multiple=True, metavar="NAME",
                 help=f"Task to explain. May be repeated. Default: the first {MOST_TASKS}."),
    click.option("--rows", metavar="WHICH",
                 help="Rows to explain of each task: positive, all, or top:N by prediction. Default: "
                 "positive where rows are labelled, else all."),
    click.option("--split", type=click.Choice(["train", "valid", "test", "all"]),
                 default=ExplainRequest.split, show_default=True, help="Only regions of this split."),
    click.option("--max-rows", type=number("max_rows"), default=ExplainRequest.max_rows, show_default=True,
                 help="Explain so many rows of each task at most, those with the highest predictions."),
    click.option("--central", type=number("central"), metavar="BASES",
                 help="Explain so many bases in the middle of each sequence. Default: all."),
)  # fmt: skip
shuffles_option = option_in(
    "Attribution", "--shuffles", type=number("shuffles"), default=ExplainRequest.shuffles, show_default=True,
    help="Dinucleotide shuffles of each sequence that deeplift compares it with.",
)  # fmt: skip
