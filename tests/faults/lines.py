"""One short line for every command, with one input, one output and whatever belongs to it."""

from pathlib import Path

from tests.cli.test_contract import LEAVES as LEAVES
from tests.cli.test_contract import NAMES, arguments, good_input
from tests.prepared import Prepared

SUFFIXES = {
    ("scan",): "bed.gz", ("kmer-featurize",): "npz", ("coverage",): "bw", ("logo",): "svg", ("predict",): "bed",
    ("train", "linear"): "safetensors", ("train", "dense"): "safetensors", ("train", "cnn"): "safetensors",
    ("train", "denoise"): "safetensors", ("explain",): "tsv", ("discover",): "meme", ("variants",): "vcf",
}  # fmt: skip
"""Suffix of the output where it says what is written."""
TRAINING = [names for names in NAMES if names[0] == "train"]
STREAMING = [names for names in NAMES if names[0] != "train"]
"""Commands that write to standard output; models need a file."""


def output_of(names) -> str:
    """Return the name of a command's output."""
    return f"out.{SUFFIXES.get(names, 'txt')}"


def source_of(names, prepared: Prepared) -> Path:
    """Return the input of a command: few rows where it takes labelled regions.

    The k-mers of the linear model are those of all rows, and few rows have no patterns.
    """
    path = good_input(names, prepared)
    if path.name != "regions.bed" or names in (("train", "linear"), ("discover",)):
        return path
    small = prepared / "few.bed"
    if not small.exists():
        lines = path.read_text().splitlines(keepends=True)
        head = [line for line in lines if line.startswith("#")]
        rows = [line for line in lines if not line.startswith("#")]
        small.write_text("".join(head + rows[:: max(1, len(rows) // 120)]))
    return small


def line(names, prepared: Prepared, source=None, output: str | None = None) -> list[str]:
    """Return the words of a command that reads `source` and writes `output` (to standard output if empty)."""
    output = output_of(names) if output is None else output
    source = source_of(names, prepared) if source is None else source
    words = [str(word) for word in arguments(names, prepared, source)]
    if "-o" in words:
        at = words.index("-o")
        words[at : at + 2] = []
    return [*names, *words, *(["-o", output] if output else []), "-q"]


def ids(names) -> str:
    """Return the name of a case."""
    return " ".join(names)
