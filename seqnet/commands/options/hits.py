"""Options of commands that write hits."""

from __future__ import annotations

import click

from seqnet.commands.options.groups import option_in, titled
from seqnet.commands.options.types import Real, Whole
from seqnet.formats.hits.hit_formats import HIT_FORMATS

_FORMATS_HELP = "; ".join(f"{name}: {row.help}" for name, row in HIT_FORMATS.items())


finishing_options = titled("Hits",
    click.option(
        "--top", type=Whole(1), metavar="N",
        help="Only each motif's N best hits: by p-value, then score, then place.",
    ),
    click.option(
        "--q-value", type=Real(0, 1, min_open=True), metavar="X",
        help="Only hits with a q-value up to X (Benjamini-Hochberg over all windows scored, from the "
        "hits that reach the threshold).",
    ),
    click.option("--q-column", is_flag=True, help="Fill in the q-values and keep every hit."),
    click.option(
        "--q-scope", type=click.Choice(["motif", "all"]),
        help="What q-values are corrected over: each motif alone (the default), or all together.",
    ),
    option_in("Run",
        "--tmpdir", metavar="FOLDER", help="Where hits wait for their q-values; default $TMPDIR or /tmp."
    ),
)  # fmt: skip


hit_file_options = titled("Output",
    click.option(
        "--to", "to_format", type=click.Choice(list(HIT_FORMATS)),
        help=f"Format of the hits; by default the suffix of -o tells, else bed. {_FORMATS_HELP}.",
    ),
    click.option("--index", is_flag=True, help="Write a tabix index for -o FILE.gz."),
)  # fmt: skip
