"""``seqnet evaluate``: predictions judged against labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from seqnet.commands._command import Command
from seqnet.commands._console import note, progress_bar, warn
from seqnet.commands._denoising import target_option
from seqnet.commands._options import (
    chroms_option,
    combine,
    common_options,
    device_option,
    genome_option,
    output_option,
    seed_option,
    threads_option,
)
from seqnet.commands._signals import SignalFile, SignalSource, signal_options

if TYPE_CHECKING:
    from seqnet.commands._evaluate_data import Labels, Predictions
    from seqnet.commands._evaluation import Evaluation
    from seqnet.training.metrics.judging import Resampling

_source_options = combine(
    click.option("--labels", metavar="TABLE",
                 help="Labelled regions, or a table: name, targets, and where they are, split and group."),
    click.option("--model", metavar="MODEL", help="Predict with this model instead of reading predictions."),
    click.option("--regions", metavar="BED", help="Labelled regions (with --model and --genome)."),
    genome_option,
    click.option("--features", metavar="TABLE", help="k-mer table (with --model and --labels)."),
    signal_options,
    target_option,
    click.option("--ablate", is_flag=True,
                 help="Judge the model without each of its inputs too (with --model and --signal)."),
    click.option("--ablate-with", type=click.Choice(["mean", "zero"]), default="mean", show_default=True,
                 help="What stands in an input's place: its mean in the training regions, or zero."),
    click.option("--baseline", "baselines", multiple=True, metavar="NAME=FILE",
                 help="Other predictions of the same rows, to set beside. Repeats."),
)  # fmt: skip
_judging_options = combine(
    click.option("--split", type=click.Choice(["train", "valid", "test", "all"]), default="test",
                 show_default=True, help="Rows to judge; labels without a split column are taken whole."),
    click.option("--task-type", type=click.Choice(["binary", "regression", "counts", "multiclass"]),
                 help="What the targets are; multiclass has a 0/1 column per class. Default: the model's, "
                 "else binary if all are 0, 1 or unknown, else regression."),
    click.option("--threshold", type=float, metavar="X",
                 help="Score from which a row is called positive, for F1 and MCC. Default: the model's, else "
                 "the one with the highest F1 on rows of split valid."),
    click.option("--intervals", type=click.Choice(["mean", "tasks", "none"]), default="mean",
                 show_default=True, help="95 % intervals by block bootstrap: of the mean, of each task too."),
    click.option("--block-size", type=click.IntRange(1), default=1_000_000, show_default=True,
                 metavar="BASES", help="Bases that are resampled together."),
    seed_option,
)  # fmt: skip
_tile_options = combine(
    click.option("--tiles", metavar="BIGWIG",
                 help="Predictions in tiles, for the genome-wide figures; '{task}' in the name for several."),
    click.option("--peaks", metavar="BED",
                 help="Peaks of each task, '{task}' in the name for several: label --tiles, and say which "
                 "rows of a regression lie in peaks."),
    click.option("--peak-width", type=click.IntRange(1), metavar="W",
                 help="Take the W bases around each peak's centre."),
    click.option("--tile", type=click.IntRange(1), default=50, show_default=True, metavar="STEP",
                 help="Bases per tile of --tiles."),
    chroms_option,
)  # fmt: skip
_output_options = combine(
    click.option("--json", "json_path", metavar="FILE", help="Write everything as JSON."),
    click.option("--report", metavar="HTML", help="Write a report: one page that opens offline."),
    click.option("--title", metavar="TEXT", help="Heading of the report."),
    click.option("--training-log", metavar="JSON",
                 help="The model's X.json, for the report's learning curve and provenance. Default: beside "
                 "--model."),
    click.option("--mqc", metavar="PREFIX",
                 help="Write PREFIX_mqc.json and PREFIX_general_mqc.json for MultiQC."),
    click.option("--compare", is_flag=True,
                 help="PREDICTIONS are JSON files of evaluations: set them side by side."),
    device_option,
    threads_option(0),
    output_option("Metrics table."),
)  # fmt: skip


@click.command(
    "evaluate",
    cls=Command,
    short_help="Judge predictions against labels.",
    example="seqnet evaluate pred.bed --labels regions.bed --json metrics.json --report report.html\n"
    "seqnet evaluate --model cnn.safetensors --regions regions.bed --genome genome.fa --report report.html\n"
    "seqnet evaluate --compare linear.json cnn.json",
)
@click.argument("predictions", nargs=-1)
@_source_options
@_judging_options
@_tile_options
@_output_options
@common_options
def command(predictions: tuple[str, ...], compare: bool, output: str, **options: Any) -> None:
    """Judge predictions against labels.

    PREDICTIONS is what predict wrote, or a table whose first column is the regions' names and
    whose other columns are tasks. Rows join on their place (else on their name), never by order.
    Writes a TSV, a row per task and the mean last; NA where a metric is undefined. What the
    columns mean: docs/evaluate.md.
    """
    from seqnet.commands._evaluate_output import keep_files_of_model
    from seqnet.commands._paths import expect_writable
    from seqnet.errors import UsageError
    from seqnet.formats._open import open_output

    if compare:
        _compare(predictions, output)
        return
    if len(predictions) > 1:
        raise UsageError("one file of PREDICTIONS at a time; --baseline and --compare set others beside")
    outputs = {name: options.pop(name) for name in ("json_path", "mqc", "report", "title", "training_log")}
    named = {"-o": output, "--json": outputs["json_path"], "--report": outputs["report"]}
    keep_files_of_model(options["model"], named)
    mqc = outputs["mqc"]
    expect_writable(outputs["json_path"], outputs["report"], None if mqc is None else f"{mqc}_mqc.json")
    with open_output(output) as stream:
        judge = _denoised if options["target_tracks"] else _evaluate
        _write(stream, judge(predictions, **options), model=options["model"], **outputs)


def _compare(paths: tuple[str, ...], output: str) -> None:
    """Set evaluations side by side."""
    from seqnet.commands._evaluate_output import compared, incomparable
    from seqnet.errors import UsageError
    from seqnet.formats._open import open_output
    from seqnet.formats.metrics import write_table

    if len(paths) < 2:
        raise UsageError("--compare takes two JSON files or more")
    with open_output(output) as stream:
        columns, rows = compared(paths)
        for text in incomparable(paths):
            warn(text)
        write_table(stream, columns, rows)


def _evaluate(
    predictions: tuple[str, ...],
    *,
    labels: str | None,
    model: str | None,
    regions: str | None,
    genome: str | None,
    features: str | None,
    device: str,
    threads: int,
    ablate: bool,
    ablate_with: str,
    target_tracks: tuple[SignalFile, ...],  # noqa: ARG001  there are none
    **options: Any,
) -> Evaluation:
    """Judge one set of predictions."""
    from seqnet.commands._evaluate_data import predictions_from_file, predictions_from_model
    from seqnet.formats.header import base_name

    path = predictions[0] if predictions else "-"
    tracks = SignalSource.take(options)
    _check_sources(predictions, labels, model, regions, genome, features, tracks, ablate=ablate)
    without: list[Predictions] = []
    truth, rows, valid = _label_rows(str(labels or regions), options["split"])
    if model is None:
        ours = predictions_from_file(path, truth, rows, valid, base_name(path))
    else:
        import numpy as np

        wanted = np.concatenate([rows, valid])
        ours, without = predictions_from_model(
            model, truth, wanted, genome=genome, features=features, device=device, threads=threads,
            tracks=tracks, ablate=ablate_with if ablate else None,
        )  # fmt: skip
    return _judged(truth, rows, valid, ours, without, **options)


def _denoised(predictions: tuple[str, ...], **options: Any) -> Evaluation:
    """Judge denoised tracks."""
    from seqnet.commands._denoising_prediction import denoised_evaluation

    return denoised_evaluation(predictions, **options)


def _write(
    stream: Any,
    found: Evaluation,
    *,
    model: str | None,
    json_path: str | None,
    mqc: str | None,
    report: str | None,
    title: str | None,
    training_log: str | None,
) -> None:
    """Write an evaluation to wherever was asked for."""
    from seqnet.commands._evaluate_output import write_multiqc
    from seqnet.commands._evaluation import table_columns, table_rows
    from seqnet.formats._open import open_output
    from seqnet.formats.metrics import write_json, write_table

    _say(found)
    if json_path is not None:
        with open_output(json_path) as side:
            write_json(side, found.content())
    if mqc is not None:
        write_multiqc(mqc, found)
    if report is not None:
        from seqnet.commands._evaluate_report import training_record, write_report

        write_report(report, found, title, training_record(training_log, model, found.model))
    write_table(stream, table_columns(found.judgement.kind), table_rows(found))


def _check_sources(
    predictions: tuple[str, ...],
    labels: str | None,
    model: str | None,
    regions: str | None,
    genome: str | None,
    features: str | None,
    tracks: SignalSource,
    *,
    ablate: bool,
) -> None:
    """Refuse options that contradict each other."""
    from seqnet.errors import UsageError

    tracks.check()
    if ablate and not tracks.signals:
        raise UsageError("--ablate needs --model and --signal: there is one input otherwise")
    if model is None:
        if labels is None or regions or genome or features or tracks.signals:
            raise UsageError("give PREDICTIONS with --labels, or --model with labelled data")
        return
    given = (bool(labels), bool(regions), bool(genome or (regions and tracks.signals)), bool(features))
    if predictions or given not in ((False, True, True, False), (True, False, False, True)):
        raise UsageError("--model goes with --regions and --genome, or with --features and --labels")


def _label_rows(path: str, split: str) -> tuple[Labels, Any, Any]:
    """Read labels; return them, the rows to judge, and the validation rows for thresholds."""
    import numpy as np

    from seqnet.commands._evaluate_data import read_labels, rows_of

    labels = read_labels(path)
    rows = rows_of(labels, split)
    valid = np.flatnonzero(labels.splits == "valid") if split in ("test", "train") else rows[:0]
    return labels, rows, valid


def _judged(
    labels: Labels,
    rows: Any,
    valid: Any,
    ours: Predictions,
    without: list[Predictions],
    *,
    split: str,
    task_type: str | None,
    threshold: float | None,
    intervals: str,
    block_size: int,
    seed: int,
    baselines: tuple[str, ...],
    **tiles: Any,
) -> Evaluation:
    """Judge the predictions, those without an input, the baselines, each kind of negative, the tiles."""
    from dataclasses import replace

    from seqnet.commands._evaluate_data import named_file, predictions_from_file, shared_tasks
    from seqnet.commands._evaluate_data import task_type as type_of
    from seqnet.commands._evaluation import Evaluation, Judge, add_warnings, compare_baseline
    from seqnet.formats.header import base_name

    tasks = shared_tasks(labels, ours)
    kind = type_of(labels.targets[rows][:, [labels.tasks.index(t) for t in tasks]], task_type, ours.model)
    resampling = _resampling(labels, rows, intervals, block_size, seed)
    peaks = _peak_rows(labels, kind, tiles["peaks"], tiles["peak_width"])
    question = Judge(labels, rows, valid, kind, threshold, peaks, resampling)
    with progress_bar("tasks", len(tasks) * (1 + 2 * len(baselines) + 2 * len(without))) as progress:
        targets, values, judgement, origin = question.judged(ours, tasks, progress)
        _require_classes(judgement, labels.source, len(rows))
        beside = [
            compare_baseline(question, ours, predictions_from_file(path, labels, rows, valid, name), progress)
            for name, path in map(named_file, baselines)
        ]
        ablations = [compare_baseline(question, ours, other, progress) for other in without]
    wide = _genome_wide(tasks, labels.contigs(rows), **tiles)
    found = Evaluation(
        ours.name, base_name(labels.source), split, targets, values, judgement, origin,
        ours.training_base_rates, None if resampling is None else block_size,
        question.by_negatives(judgement, targets, values), beside,
        wide.rows, wide.contigs, model=ours.model, ablations=ablations,
    )  # fmt: skip
    trained = (ours.model or {}).get("splits", {}).get("train", {}).get("contigs", [])
    return replace(found, warnings=add_warnings(found, trained, labels.contigs(rows)))


def _resampling(labels: Labels, rows: Any, intervals: str, size: int, seed: int) -> Resampling | None:
    """Return how intervals are made."""
    from seqnet.training.metrics.judging import Resampling

    if intervals == "none":
        return None
    return Resampling(labels.blocks(rows, size), intervals == "tasks", seed)


def _require_classes(judgement: Any, source: str, n: int) -> None:
    """Refuse binary labels of which no task can be judged."""
    from seqnet.errors import SeqnetError

    if judgement.kind == "binary" and all(row["auroc"] is None for row in judgement.rows):
        raise SeqnetError(f"{source}: no task has both classes among the {n} rows judged")


def _peak_rows(labels: Labels, kind: str, peaks: str | None, width: int | None) -> Any:
    """Return which rows of a regression lie in peaks: as a file says, else the top 5 % of targets."""
    import numpy as np

    if kind not in ("regression", "counts"):
        return None
    from seqnet.commands._evaluate_tiles import in_peaks, of_task, top_rows
    from seqnet.genome.regions import Regions

    if peaks is None:
        note("peak rows are those of the highest 5 % of targets")
        return top_rows(labels.targets)
    if not isinstance(labels.table, Regions):
        from seqnet.errors import UsageError

        raise UsageError("--peaks needs labels with coordinates")
    return np.stack([in_peaks(labels.table, of_task(peaks, t), width) for t in labels.tasks], axis=1)


def _genome_wide(
    tasks: tuple[str, ...],
    contigs: list[str],
    *,
    tiles: str | None,
    peaks: str | None,
    tile: int,
    peak_width: int | None,
    chroms: tuple[str, ...],
) -> Any:
    """Judge tiles, where they are given."""
    from seqnet.commands._evaluate_tiles import GenomeWide, TileOptions, judge_tiles
    from seqnet.commands._load import expand_names
    from seqnet.errors import UsageError

    if tiles is None:
        return GenomeWide([], [])
    if peaks is None:
        raise UsageError("--tiles needs --peaks, which label them")
    chosen = tuple(expand_names(chroms)) or tuple(contigs)
    return judge_tiles(TileOptions(tiles, peaks, tile, peak_width, chosen), tasks)


def _say(found: Evaluation) -> None:
    """Say on stderr what was judged and what to beware of."""
    from seqnet.commands._evaluation import ablation_lines, summary_line

    note(f"{len(found.targets)} rows of split {found.split!r}, {len(found.judgement.tasks)} tasks")
    note(summary_line(found))
    for line in ablation_lines(found):
        note(line)
    for text in found.warnings:
        warn(text)
