"""Outputs of an evaluation in addition to its table: JSON, report, MultiQC's files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from seqnet.errors import UsageError
from seqnet.formats.files.header import base_name
from seqnet.formats.files.opening import open_output
from seqnet.formats.results.metrics import write_json
from seqnet.formats.results.multiqc import MultiqcColumn, write_mqc
from seqnet.lookup import resolve
from seqnet.metrics.registry import ASINH_PEARSON, HEADLINES, METRICS, ROW_COUNTS
from seqnet.pipeline.evaluation.request import EvaluateRequest
from seqnet.pipeline.evaluation.results import Evaluation
from seqnet.pipeline.evaluation.training_log import training_record
from seqnet.pipeline.outputs import expect_writable
from seqnet.pipeline.training.outputs import SideFiles

if TYPE_CHECKING:
    from seqnet.reports.pattern_sections import ShownPattern

_SHARES = ("auroc", "auprc", "base_rate", "f1", "accuracy", "precision", "recall", "pearson", "spearman",
           ASINH_PEARSON)  # fmt: skip


def check_outputs(request: EvaluateRequest) -> None:
    """Refuse outputs that would replace the model's files or cannot be written."""
    named = {"-o": request.output, "--json": request.json_path, "--report": request.report}
    for model in request.models:
        if isinstance(model, str):
            keep_files_of_model(model, named)
    mqc = request.mqc
    expect_writable(request.json_path, request.report, None if mqc is None else f"{mqc}_mqc.json")


def write_side_files(request: EvaluateRequest, evaluation: Evaluation) -> list[str]:
    """Write an evaluation to all that the request names but its table; return the files."""
    model = next((path for path in request.models[:1] if isinstance(path, str)), None)
    patterns: list[ShownPattern] = []
    if request.patterns is not None:
        read = resolve("seqnet.pipeline.evaluation.patterns:read_patterns")  # for few evaluations
        patterns = read(
            request.patterns, evaluation.task_metrics.tasks, None if model is None else base_name(model)
        )
    files = []
    if request.json_path is not None:
        with open_output(request.json_path) as side:
            write_json(side, evaluation.content())
        files.append(request.json_path)
    if request.mqc is not None:
        write_multiqc(request.mqc, evaluation)
        files += [f"{request.mqc}_mqc.json", f"{request.mqc}_general_mqc.json"]
    if request.report is not None:
        record = training_record(request.training_log, model, evaluation.model)
        # loads matplotlib
        resolve("seqnet.pipeline.evaluation.report:write_report")(
            request.report, evaluation, request.title, record, patterns
        )
        files.append(request.report)
    return files


def keep_files_of_model(model: str, outputs: Mapping[str, str | None]) -> None:
    """Refuse to write over a model, or over what train wrote next to it.

    Parameters
    ----------
    outputs
        Option to file.

    Raises
    ------
    UsageError
        Naming the option.
    """
    side = SideFiles.beside(model, None, None, None)
    own = {Path(path).resolve() for path in (model, side.metrics, side.json, str(side.plot))}
    for option, output in outputs.items():
        if output is not None and Path(output).resolve() in own:
            raise UsageError(f"{option} {output} belongs to the model: give another name")


def write_multiqc(prefix: str, evaluation: Evaluation) -> None:
    """Write ``PREFIX_mqc.json``, a table of the tasks, and ``PREFIX_general_mqc.json``, the mean."""
    kind = evaluation.task_metrics.kind
    columns = {
        name: MultiqcColumn(
            metric.label, metric.help, name.startswith("recall") or name in _SHARES, name in ROW_COUNTS
        )
        for name, metric in METRICS[kind].items()
        if name in evaluation.task_metrics.metrics
    }
    sample = PurePath(prefix).name
    figures = evaluation.task_metrics
    rows = dict(zip(figures.names, figures.rows, strict=True))
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
            kind="generalstats", columns=shown, data={sample: figures.summary},
        )  # fmt: skip
