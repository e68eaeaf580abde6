"""Options of commands that write hits."""

from __future__ import annotations

import click

from seqnet.commands.options.groups import option_in, titled
from seqnet.commands.options.types import number
from seqnet.formats.hits.hit_formats import HIT_FORMATS

_FORMATS_HELP = "; ".join(f"{name}: {row.help}" for name, row in HIT_FORMATS.items())


finishing_options = titled("Hits",
    click.option(
        "--top", type=number("top"), metavar="N",
        help="Keep only each motif's N best hits: by p-value, then score, then position.",
    ),
    click.option(
        "--q-value", type=number("q_value"), metavar="X",
        help="Keep only hits with a q-value up to X (Benjamini-Hochberg over all windows scored), among the "
        "hits that reach the threshold.",
    ),
    click.option("--q-column", is_flag=True, help="Fill in the q-values and keep every hit."),
    click.option(
        "--q-scope", type=click.Choice(["motif", "all"]),
        help="Correct q-values for each motif alone (the default), or for all motifs together.",
    ),
    option_in("Run",
        "--tmpdir", metavar="FOLDER", help="Folder for temporary files (default: $TMPDIR or /tmp)."
    ),
)  # fmt: skip


hit_file_options = titled("Output",
    click.option(
        "--to", "to_format", type=click.Choice(list(HIT_FORMATS)),
        help=f"Format of the hits (default: by the suffix of -o, else bed). {_FORMATS_HELP}.",
    ),
    click.option("--index", is_flag=True, help="Write a tabix index for -o FILE.gz."),
)  # fmt: skip
