"""The outputs of a command line: which options name them, which files they may not share or replace.

Output options have a type of `OutputFile`. The error boundary looks at all of a command's outputs before
its work starts, and lets them appear together when it has ended.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import click

from seqnet.commands._boundary import FileName
from seqnet.pipeline.outputs import BESIDE_MODEL, expect_writable

_INPUT_WORDS = frozenset({
    "ALIGNMENTS", "BED", "BIGWIG", "FASTA", "FILE", "FILE...", "JSON", "MODEL", "MOTIF", "MOTIFS", "SPEC",
    "TABLE", "TOML", "TSV",
})  # fmt: skip
"""Metavars of options that name a file; those of outputs have a separate type."""


class OutputFile(FileName):
    """The type of options that name an output.

    Parameters
    ----------
    what
        What is written, such as "a bigWig", where it needs a regular file; None where text may go to a
        pipe and the suffix decides otherwise.
    suffixes
        What is put behind the name, once for each file.
    derived
        Other parameters whose defaults are derived from the name: to their suffixes.
    """

    def __init__(
        self,
        what: str | None = None,
        suffixes: tuple[str, ...] = ("",),
        derived: Mapping[str, str] | None = None,
    ) -> None:
        self.what = what
        self.suffixes = suffixes
        self.derived = derived or {}

    def binary(self, value: str) -> str | None:
        """Return what is written to a file, such as "a bigWig", where it needs a regular one."""
        return self.what or next((what for end, what in _BY_SUFFIX.items() if value.endswith(end)), None)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Refuse an empty name."""
        if value == "":
            self.fail("the name is empty; expected a file", param, ctx)
        return super().convert(value, param, ctx)


MQC_SUFFIXES = ("_mqc.json", "_general_mqc.json")
OUTPUT = OutputFile()
BIGWIG_OUTPUT = OutputFile("a bigWig")
MODEL_OUTPUT = OutputFile("a model file", derived=BESIDE_MODEL)
_BY_SUFFIX = {
    ".bw": "a bigWig", ".bigWig": "a bigWig", ".bigwig": "a bigWig",
    ".npz": "an npz file", ".parquet": "a parquet file", ".safetensors": "a model file",
}  # fmt: skip


@contextmanager
def outputs_of(ctx: click.Context) -> Iterator[None]:
    """Check the outputs of a command line, and let them appear together when the block ends.

    Raises
    ------
    UsageError
        If two outputs are one file, an output would replace an input, or a binary one is no file.
    """
    from seqnet.formats.files.together import outputs_together, refuse_shared_paths

    outputs = _named_outputs(ctx)
    refuse_shared_paths(outputs)
    inputs = {} if getattr(ctx.command, "in_place", False) else _inputs(ctx)
    _keep_inputs(outputs, inputs)
    expect_writable(*(path for path in outputs.values() if path is not None and "{" not in path))
    ended: click.exceptions.Exit | None = None
    with outputs_together(ctx.params.get("output"), inputs):
        try:
            yield
        except click.exceptions.Exit as end:  # the code of a result, as of 'check'
            ended = end
    if ended is not None:
        raise ended


def _named_outputs(ctx: click.Context) -> dict[str, str | None]:
    """Return the outputs by option, after refusing pipes and devices for those that need a file."""
    from seqnet.formats.files.opening import require_regular
    from seqnet.formats.files.tabix import SUFFIX, require_indexable

    paths: dict[str, str | None] = {}
    for param in sorted(ctx.command.params, key=lambda param: param.name != "output"):
        if not isinstance(param.type, OutputFile):
            continue
        given = ctx.params.get(param.name or "")
        for number, value in enumerate(given if param.multiple and given else [given], 1):
            if isinstance(value, str):
                option = param.opts[0] if number == 1 else f"{param.opts[0]} ({number})"
                if (what := param.type.binary(value)) is not None:
                    require_regular(value, what)
                paths |= _outputs_of_option(ctx, param.type, option, value)
    if ctx.params.get("index") and isinstance(output := ctx.params.get("output"), str):
        require_indexable(output)
        require_regular(output + SUFFIX, "a tabix index")
        paths["--index"] = output + SUFFIX
    return paths


def _outputs_of_option(
    ctx: click.Context, kind: OutputFile, option: str, value: str
) -> dict[str, str | None]:
    """Return the outputs that one value of an option names."""
    paths: dict[str, str | None] = {f"{option} {suffix}".rstrip(): value + suffix for suffix in kind.suffixes}
    for name, suffix in kind.derived.items():
        if ctx.params.get(name, "") is None:
            paths["--" + name.removesuffix("_path")] = value.removesuffix(".safetensors") + suffix
    return paths


def _inputs(ctx: click.Context) -> dict[Any, str]:
    """Return the files that the command line names for reading: identity to name."""
    from seqnet.formats.files.together import identity

    paths: dict[Any, str] = {}
    for param in ctx.command.params:
        if isinstance(param.type, OutputFile) or not _names_files(param):
            continue
        for text in _texts(ctx.params.get(param.name or "")):
            for path in {text, text.partition("=")[2], text.removeprefix("from:")}:
                with suppress(OSError):  # such as a name that is too long
                    if Path(path).is_file():
                        paths.setdefault(identity(path), path)
    return paths


def _names_files(param: click.Parameter) -> bool:
    """Return whether the values of a parameter are, or may be, files to read."""
    if isinstance(param, click.Argument):
        return True
    words = (param.metavar or "").replace("[NAME=]", "").rpartition("=")[2].split("|")
    return not _INPUT_WORDS.isdisjoint(words)


def _texts(value: object) -> Iterable[str]:
    """Yield the texts of a parameter's value, which may be nested."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple | list):
        for each in value:
            yield from _texts(each)


def _keep_inputs(outputs: Mapping[str, str | None], inputs: Mapping[Any, str]) -> None:
    """Refuse outputs that would replace an input."""
    from seqnet.errors import UsageError
    from seqnet.formats.files.together import identity

    for option, path in outputs.items():
        found = None if path is None else inputs.get(identity(path))
        if found is not None:
            raise UsageError(f"{option} {path} would replace the input {found}; give another name")
