"""The step ``evaluate``."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from seqnet.aliases import Ints
from seqnet.datasets.checks import counted
from seqnet.errors import SeqnetError
from seqnet.formats.files.header import base_name, header_for, provenance
from seqnet.formats.results.metrics import write_table
from seqnet.lookup import resolve
from seqnet.metrics.evaluate import Resampling, TaskMetrics
from seqnet.networks.model import Model
from seqnet.pipeline.calls import takes
from seqnet.pipeline.evaluation.comparison import compare_evaluations
from seqnet.pipeline.evaluation.data import (
    LabelTable,
    Predictions,
    joined_predictions,
    labels_of_table,
    read_labels,
    rows_of,
    shared_tasks,
    target_type,
)
from seqnet.pipeline.evaluation.held_out import (
    HeldOut,
    block_size,
    held_out,
    trained_contigs,
    trained_rows,
    with_stored_splits,
)
from seqnet.pipeline.evaluation.metrics import (
    RowMetrics,
    Trained,
    add_warnings,
    compare_baseline,
    warn_of_others,
)
from seqnet.pipeline.evaluation.outputs import check_outputs, write_side_files
from seqnet.pipeline.evaluation.predicted import model_predictions, named_models
from seqnet.pipeline.evaluation.request import EvaluateRequest
from seqnet.pipeline.evaluation.results import (
    EvaluateResult,
    Evaluation,
    MetricsTable,
    ablation_lines,
    baseline_lines,
    part_lines,
    summary_line,
    table_columns,
    table_rows,
)
from seqnet.pipeline.evaluation.tiles import GenomeWide, TileOptions, TileRules, evaluate_tiles, peak_rows
from seqnet.pipeline.inputs.genome import expand_names
from seqnet.pipeline.outputs import open_result
from seqnet.reporting import note, progress_bar, warn


@takes(EvaluateRequest)
def evaluate(request: EvaluateRequest) -> EvaluateResult:
    """Compute metrics of predictions against labels, with intervals and warnings.

    Parameters
    ----------
    request
        The fields of `EvaluateRequest`, which are the arguments of this function.

    Returns
    -------
    The metrics of each task and their mean; or, with ``compare``, evaluations side by side.

    Raises
    ------
    SeqnetError
        If a file cannot be read, rows do not join, or no task can be evaluated.

    Examples
    --------
    >>> import seqnet
    >>> result = seqnet.evaluate("pred.bed", labels="regions.bed")  # doctest: +SKIP
    >>> result.metrics.to_pandas()[["task", "auroc", "auroc_low", "auroc_high"]]  # doctest: +SKIP
    >>> seqnet.evaluate(
    ...     model="cnn.safetensors", regions="regions.bed", genome="genome.fa", report="report.html"
    ... ).warnings  # doctest: +SKIP
    """
    if request.compare:
        return compare_evaluations([str(path) for path in request.files], request.output, request.header)
    check_outputs(request)
    with open_result(request.output) as stream:
        evaluation = _denoised(request) if request.target_tracks else _evaluated(request)
        _say(evaluation)
        files = write_side_files(request, evaluation)
        header = header_for(request.header, _entries(request, evaluation))
        write_table(stream, table_columns(evaluation.task_metrics), table_rows(evaluation), header)
    outputs = (*files, *([] if request.output is None else [request.output]))
    return EvaluateResult(
        MetricsTable.of(evaluation),
        evaluation,
        None,
        tuple(evaluation.warnings),
        len(evaluation.targets),
        outputs,
    )


def _entries(request: EvaluateRequest, evaluation: Evaluation) -> dict[str, str]:
    """Return the provenance of the table of metrics."""
    files = {name: getattr(request, name) for name in ("genome", "features", "tiles", "peaks")}
    texts = {name: base_name(path) for name, path in files.items() if isinstance(path, str)}
    return provenance(
        "evaluate",
        {
            "predictions": evaluation.name,
            "labels": evaluation.labels,
            **texts,
            "split": "all" if evaluation.unsplit else evaluation.split,
            "task-type": evaluation.task_metrics.kind,
            "threshold": request.threshold,
            "intervals": request.intervals,
            "block-size": evaluation.block_size,
            "seed": request.seed,
            "peak-width": request.peak_width,
            "tile": request.tile if request.tiles else None,
            "chroms": tuple(request.chroms) or None,
            "baselines": tuple(baseline.name for baseline in evaluation.baselines) or None,
        },
    )


def _denoised(request: EvaluateRequest) -> Evaluation:
    """Evaluate denoised tracks."""
    evaluation: Evaluation = resolve("seqnet.pipeline.evaluation.denoised:denoised_evaluation")(request)
    return evaluation


def _evaluated(request: EvaluateRequest) -> Evaluation:
    """Evaluate one set of predictions."""
    without: list[Predictions] = []
    others: list[Predictions] = []
    models = named_models(request)
    labels, rows, valid = _label_rows(request, models[0].model if models else None)
    if not models:
        predictions = request.files[0] if request.files else "-"
        name = base_name(predictions) if isinstance(predictions, str) else "predictions"
        ours = joined_predictions(predictions, labels, rows, valid, name)
    else:
        both = np.concatenate([rows, valid])
        ours, without = model_predictions(models[0], request, labels, both, ablate=request.ablate)
        others = [model_predictions(model, request, labels, both)[0] for model in models[1:]]
    others += [joined_predictions(path, labels, rows, valid, name) for name, path in request.named_baselines]
    return _evaluation_of_rows(request, labels, rows, valid, ours, without, others)


def _label_rows(request: EvaluateRequest, model: Model | None) -> tuple[LabelTable, Ints, Ints]:
    """Read labels; return them, the rows to evaluate, and the validation rows for thresholds."""
    split, asked = request.evaluated_split, request.split not in (None, "all")
    if request.table is not None:
        table = labels_of_table(request, model)
    else:
        table = read_labels(str(request.labels or request.regions))
    labels = with_stored_splits(table, None if model is None else model.header, asked=asked)
    rows = rows_of(labels, split)
    valid = np.flatnonzero(labels.splits == "valid") if split in ("test", "train") else rows[:0]
    return labels, rows, valid


def _evaluation_of_rows(
    request: EvaluateRequest,
    labels: LabelTable,
    rows: Ints,
    valid: Ints,
    ours: Predictions,
    without: list[Predictions],
    others: list[Predictions],
) -> Evaluation:
    """Evaluate the predictions, those without an input, the baselines, each kind of negative, the tiles."""
    tasks, split = shared_tasks(labels, ours), request.evaluated_split
    columns = [labels.tasks.index(task) for task in tasks]
    kind = target_type(labels.targets[rows][:, columns], request.task_type or ours.task_type)
    held = held_out(labels, split, ours.model, request.tile)
    resampling, size = _resampling(request, labels, rows, held)
    peaks = peak_rows(labels, kind, request.peaks, request.peak_width)
    question = RowMetrics(labels, rows, valid, kind, request.threshold, peaks, resampling)
    with progress_bar("tasks", len(tasks) * (1 + 2 * len(others) + 2 * len(without))) as progress:
        targets, values, task_metrics, origin = question.evaluated(ours, tasks, progress)
        _require_classes(task_metrics, labels.source, len(rows))
        beside = [compare_baseline(question, ours, other, progress) for other in others]
        ablations = [compare_baseline(question, ours, other, progress) for other in without]
    wide = _genome_wide(request, tasks, labels.contigs(rows), TileRules(held, size, request.seed))
    evaluation = Evaluation(
        ours.name, base_name(labels.source), "all" if labels.unsplit else split, targets, values,
        task_metrics, origin, ours.training_base_rates, size,
        question.by_negatives(task_metrics, targets, values), beside, wide.rows, wide.contigs,
        model=ours.model, ablations=ablations, parts=question.of_parts(ours, tasks),
        unsplit=labels.unsplit, tile_places=wide.places, digest=labels.digest(rows),
    )  # fmt: skip
    evaluation = replace(
        evaluation, warnings=add_warnings(evaluation, _training_rows(labels, rows, ours, held))
    )
    known = {
        other.name: _training_rows(labels, rows, other, held_out(labels, split, other.model, request.tile))
        for other in others
        if other.model is not None
    }
    return replace(evaluation, warnings=[*evaluation.warnings, *warn_of_others(evaluation, known)])


def _training_rows(labels: LabelTable, rows: Ints, predictions: Predictions, held: HeldOut | None) -> Trained:
    """Return what is known of the training rows of predictions."""
    model = predictions.model
    trained = trained_rows(labels, rows, model)
    return Trained(
        trained_contigs(labels, model), labels.contigs(rows), trained,
        apart=held is not None and held.stretches is not None and not trained,
        tiles_apart=held is not None, carried=predictions.trained,
        unknown=labels.unsplit and model is not None and not labels.located,
    )  # fmt: skip


def _resampling(
    request: EvaluateRequest, labels: LabelTable, rows: Ints, held: HeldOut | None
) -> tuple[Resampling | None, int | None]:
    """Return how intervals are made, and the bases that are resampled together; None without intervals."""
    if request.intervals == "none":
        return None, None
    size = request.block_size or block_size(held)
    return Resampling(labels.blocks(rows, size), request.intervals == "tasks", request.seed), size


def _require_classes(task_metrics: TaskMetrics, source: str, n: int) -> None:
    """Refuse binary labels of which no task can be evaluated."""
    if task_metrics.kind == "binary" and all(row["auroc"] is None for row in task_metrics.rows):
        raise SeqnetError(f"{source}: no task has both classes among the {n} evaluated rows")


def _genome_wide(
    request: EvaluateRequest, tasks: tuple[str, ...], contigs: list[str], rules: TileRules
) -> GenomeWide:
    """Evaluate tiles, where they are given."""
    if request.tiles is None or request.peaks is None:
        return GenomeWide([], [])
    chosen = tuple(expand_names(request.chroms)) or tuple(contigs)
    options = TileOptions(request.tiles, request.peaks, request.tile, request.peak_width, chosen)
    return evaluate_tiles(options, tasks, rules)


def _say(evaluation: Evaluation) -> None:
    """Note what was evaluated, and warn about it."""
    rows, which = counted(len(evaluation.targets), "row"), evaluation.rows_evaluated
    evaluated = f"{rows} of {which}" if evaluation.by_split else f"{which}: {rows}"
    note(f"{evaluated}, {counted(len(evaluation.task_metrics.tasks), 'task')}")
    note(summary_line(evaluation))
    for line in (*part_lines(evaluation), *baseline_lines(evaluation), *ablation_lines(evaluation)):
        note(line)
    for text in evaluation.warnings:
        warn(text)
