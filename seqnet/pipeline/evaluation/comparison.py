"""Evaluations side by side."""

from __future__ import annotations

from collections.abc import Sequence

from seqnet.aliases import Json
from seqnet.errors import FormatError, SeqnetError
from seqnet.formats import file_stem
from seqnet.formats.files.header import HeaderMode, base_name, header_for, provenance
from seqnet.formats.files.sniff import read_json
from seqnet.formats.results.metrics import SCHEMA_VERSION, write_table
from seqnet.metrics.registry import ASINH_PEARSON, HEADLINES
from seqnet.networks.header.types import NAME, NUMBER, FieldError, ListOf, Maybe, Record, check_value, one_of
from seqnet.pipeline.evaluation.results import ComparisonTable, EvaluateResult
from seqnet.pipeline.inputs.models import distinct_names
from seqnet.pipeline.outputs import open_result
from seqnet.pipeline.training.outputs import SideFiles
from seqnet.reporting import warn

_FIGURES = {name: Maybe(NUMBER) for names in (*HEADLINES.values(), ("base_rate",)) for name in names}
_MODEL_SUFFIX = ".safetensors"
_EXPECTED = "what evaluate --json or train writes"
_TRAINING = Record({"splits": Record({"valid": Record({"rows": NUMBER})})})
_EVALUATION = Record({"task_type": one_of(*HEADLINES), "metrics": ListOf(Record({"task": NAME}, _FIGURES))})


def compare_evaluations(
    paths: Sequence[str], output: str | None = None, mode: HeaderMode = "columns"
) -> EvaluateResult:
    """Set evaluations side by side: each headline metric of each task.

    Parameters
    ----------
    paths
        JSON files that ``evaluate`` or ``train`` wrote, or models next to those of ``train``; two or more.
    output
        Where the table goes; None returns it alone.
    mode
        The lines above its rows.

    Raises
    ------
    SeqnetError
        If a file is none, or they cannot be compared.
    """
    with open_result(output) as stream:
        columns, rows = compared(paths)
        unfair = incomparable(paths)
        for text in unfair:
            warn(text)
        entries = provenance("evaluate", {"compare": tuple(map(base_name, paths))})
        write_table(stream, columns, rows, header_for(mode, entries))
    outputs = () if output is None else (output,)
    return EvaluateResult(
        comparison=ComparisonTable.of(columns, rows), warnings=tuple(unfair), outputs=outputs
    )


def read_evaluation(path: str) -> Json:
    """Read the JSON of an evaluation, or of a training, whose figures are of the validation rows.

    Of a model file the JSON next to it is read.

    Raises
    ------
    FormatError
        If it is none, or of another schema.
    """
    if path.endswith(_MODEL_SUFFIX):
        path = SideFiles.beside(path, None, None, None).json
    content = read_json(path)
    known = isinstance(content, dict) and "task_type" in content
    command = str(content.get("command")) if known else ""
    if command != "evaluate" and not command.startswith("train "):
        raise FormatError(path, f"is not {_EXPECTED}")
    if content.get("schema_version") != SCHEMA_VERSION:
        raise FormatError(path, f"has schema {content.get('schema_version')}; expected {SCHEMA_VERSION}")
    try:
        check_value(_EVALUATION, content)
        if command != "evaluate":
            check_value(_TRAINING, content)
            content |= {"split": "valid", "rows": content["splits"]["valid"]["rows"]}
    except FieldError as error:
        raise FormatError(path, f"is not {_EXPECTED}: {error}") from error
    evaluation: Json = content
    return evaluation


def compared(paths: Sequence[str]) -> tuple[list[str], list[list[object]]]:
    """Return columns and rows of evaluations side by side: each headline metric of each task.

    The last column is how much higher the last evaluation's figure is than the first's.

    Raises
    ------
    SeqnetError
        If they are of different kinds of task, or share none.
    """
    loaded = [read_evaluation(path) for path in paths]
    kinds = {content["task_type"] for content in loaded}
    if len(kinds) > 1:
        raise SeqnetError(f"evaluations of different kinds cannot be compared: {', '.join(sorted(kinds))}")
    units = {str(content.get("units")): path for path, content in zip(paths, loaded, strict=True)}
    if len(units) > 1:
        listed = ", ".join(f"{path}: {text}" for text, path in units.items())
        raise SeqnetError(f"evaluations in different units cannot be compared; evaluate again ({listed})")
    tables = [{row["task"]: row for row in content["metrics"]} for content in loaded]
    tasks = [task for task in tables[0] if all(task in table for table in tables)]
    if not tasks:
        raise SeqnetError(f"{paths[0]} and {paths[1]} have no task in common")
    metrics = [*HEADLINES[loaded[0]["task_type"]]]
    if loaded[0]["task_type"] == "binary":
        metrics.insert(0, "base_rate")
    if all(ASINH_PEARSON in row for table in tables for row in table.values()):
        metrics.append(ASINH_PEARSON)
    rows: list[list[object]] = []
    for task in tasks:
        for metric in metrics:
            values = [table[task].get(metric) for table in tables]
            first, last = values[0], values[-1]
            rows.append([task, metric, *values, None if None in (first, last) else last - first])
    return ["task", "metric", *_labels(paths), "difference"], rows


def _labels(paths: Sequence[str]) -> list[str]:
    """Return a column name for each file: its base name without suffixes, folders where those are equal."""
    return distinct_names(paths, [file_stem(base_name(path).removesuffix(".json")) for path in paths])


def incomparable(paths: Sequence[str]) -> list[str]:
    """Return what makes a comparison unfair: other rows, another split."""
    loaded = [read_evaluation(path) for path in paths]
    said = []
    for key, what in (("split", "splits"), ("rows", "numbers of rows"), ("labels", "labels")):
        values = [str(content[key]) for content in loaded if content.get(key) is not None]
        if len(set(values)) > 1:
            said.append(f"they were evaluated on different {what}: {', '.join(values)}")
    digests = {content["rows_digest"] for content in loaded if content.get("rows_digest")}
    if len(digests) > 1 and not said:
        said.append("they were evaluated on different rows, though on equally many of the same split")
    return said
