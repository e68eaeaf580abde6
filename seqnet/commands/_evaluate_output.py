"""Where an evaluation goes: MultiQC's files, and several evaluations side by side."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from seqnet.errors import FormatError, SeqnetError, UsageError
from seqnet.formats._open import open_input, open_output
from seqnet.formats.header import base_name
from seqnet.formats.metrics import SCHEMA_VERSION
from seqnet.formats.multiqc import Column, write_mqc
from seqnet.training.metrics.names import HEADLINES, METRICS, ROW_COUNTS

if TYPE_CHECKING:
    from seqnet.commands._evaluation import Evaluation

_SHARES = ("auroc", "auprc", "base_rate", "f1", "accuracy", "precision", "recall", "pearson", "spearman")


def keep_files_of_model(model: str | None, outputs: Mapping[str, str | None]) -> None:
    """Refuse to write over a model, or over what train wrote beside it.

    Parameters
    ----------
    outputs
        Option to file.

    Raises
    ------
    UsageError
        Naming the option.
    """
    if model is None:
        return
    from seqnet.commands._training import SideFiles

    side = SideFiles.beside(model, None, None, None)
    own = {Path(path).resolve() for path in (model, side.metrics, side.json, str(side.plot))}
    for option, output in outputs.items():
        if output is not None and Path(output).resolve() in own:
            raise UsageError(f"{option} {output} belongs to the model: give another name")


def write_multiqc(prefix: str, found: Evaluation) -> None:
    """Write ``PREFIX_mqc.json``, a table of the tasks, and ``PREFIX_general_mqc.json``, the mean."""
    kind = found.judgement.kind
    columns = {
        name: Column(
            metric.label, metric.help, name.startswith("recall") or name in _SHARES, name in ROW_COUNTS
        )
        for name, metric in METRICS[kind].items()
    }
    sample = PurePath(prefix).name
    judged = found.judgement
    rows = dict(zip(judged.names, judged.rows, strict=True))
    with open_output(f"{prefix}_mqc.json") as stream:
        write_mqc(
            stream, identity="seqnet_evaluate", title="seqnet evaluate",
            # nothing of these predictions: MultiQC joins the tables of several evaluations under one text
            description="Every metric of every task, and their mean, named after the evaluation.",
            kind="table", columns=columns, data={f"{sample} {task}": row for task, row in rows.items()},
        )  # fmt: skip
    shown = {name: columns[name] for name in (*HEADLINES[kind], "base_rate") if name in columns}
    with open_output(f"{prefix}_general_mqc.json") as stream:
        write_mqc(
            stream, identity="seqnet_evaluate_general", title="seqnet evaluate", description="",
            kind="generalstats", columns=shown, data={sample: judged.summary},
        )  # fmt: skip


def read_evaluation(path: str) -> dict[str, Any]:
    """Read the JSON of an evaluation.

    Raises
    ------
    FormatError
        If it is none, or of another schema.
    """
    with open_input(path) as stream:
        data = stream.read()
    try:
        content = json.loads(data)
    except ValueError as error:
        raise FormatError(path, f"is no JSON: {error}") from error
    if not isinstance(content, dict) or content.get("command") != "evaluate" or "task_type" not in content:
        raise FormatError(path, "is not what evaluate --json writes")
    if content.get("schema_version") != SCHEMA_VERSION:
        raise FormatError(path, f"has schema {content.get('schema_version')}; expected {SCHEMA_VERSION}")
    return content


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
    tables = [{row["task"]: row for row in content["metrics"]} for content in loaded]
    tasks = [task for task in tables[0] if all(task in table for table in tables)]
    if not tasks:
        raise SeqnetError(f"{paths[0]} and {paths[1]} have no task in common")
    metrics = [*HEADLINES[loaded[0]["task_type"]]]
    if loaded[0]["task_type"] == "binary":
        metrics.insert(0, "base_rate")
    rows: list[list[object]] = []
    for task in tasks:
        for metric in metrics:
            values = [table[task].get(metric) for table in tables]
            first, last = values[0], values[-1]
            rows.append([task, metric, *values, None if None in (first, last) else last - first])
    return ["task", "metric", *_labels(paths), "difference"], rows


def _labels(paths: Sequence[str]) -> list[str]:
    """Return a column name for each file: its base name, or the path where those are equal."""
    names = [base_name(path) for path in paths]
    return names if len(set(names)) == len(names) else list(paths)


def incomparable(paths: Sequence[str]) -> list[str]:
    """Return what makes a comparison unfair: other rows, another split."""
    loaded = [read_evaluation(path) for path in paths]
    said = []
    for key, what in (("split", "splits"), ("rows", "numbers of rows"), ("labels", "labels")):
        values = [str(content.get(key)) for content in loaded]
        if len(set(values)) > 1:
            said.append(f"they were judged on different {what}: {', '.join(values)}")
    return said
