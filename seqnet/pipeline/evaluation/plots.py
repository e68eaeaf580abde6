"""The plots of an evaluation report, from the rows evaluated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from seqnet.metrics.binary import CALIBRATION_BINS, calibration_bins
from seqnet.metrics.ranking import Curve, precision, rank
from seqnet.metrics.registry import ASINH_PEARSON, METRICS
from seqnet.reports import evaluation_plots as plots
from seqnet.reports.curves import mean_by_epoch
from seqnet.reports.evaluation_page import Picture

if TYPE_CHECKING:
    from seqnet.aliases import Floats, Json
    from seqnet.pipeline.evaluation.results import Evaluation

_FEWEST_IN_BIN = 5


def curve_pictures(evaluation: Evaluation) -> list[Picture]:
    """Return the plots of agreement between predictions and targets."""
    kind = evaluation.task_metrics.kind
    if kind == "binary":
        return _binary_pictures(evaluation)
    if kind == "multiclass":
        return [_confusion_picture(evaluation), *_rank_pictures(evaluation)]
    return _scatter_pictures(evaluation)


def _scatter_pictures(evaluation: Evaluation) -> list[Picture]:
    """Return predictions by targets; those of denoised tracks on the asinh scale too, each with its units."""
    panels = [(task, *_known(evaluation, i)) for i, task in enumerate(evaluation.task_metrics.tasks[:6])]
    alt = f"Predictions by targets of {len(panels)} tasks; Pearson {_worded(evaluation, 'pearson')}."
    caption = "Rows in squares of the plane; larger dots hold more rows (logarithmic)."
    title = "Prediction by target"
    if evaluation.units is None:
        return [Picture(title, caption, plots.scatter(panels, alt), wide=True)]
    scaled = [(task, np.arcsinh(truth), np.arcsinh(scores)) for task, truth, scores in panels]
    other = f"The same on the asinh scale; Pearson {_worded(evaluation, ASINH_PEARSON)}."
    return [
        Picture(f"{title}, track's units", caption, plots.scatter(panels, alt, evaluation.units), wide=True),
        Picture(f"{title}, asinh scale", caption, plots.scatter(scaled, other, "asinh", "asinh"), wide=True),
    ]


def _known(evaluation: Evaluation, column: int) -> tuple[Floats, Floats]:
    """Return targets and predictions of a task's known rows."""
    known = ~np.isnan(evaluation.targets[:, column])
    return evaluation.targets[known, column], evaluation.values[known, column]


def _worded(evaluation: Evaluation, metric: str) -> str:
    """Return the summary's figure for an alternative text."""
    value = evaluation.task_metrics.summary.get(metric)
    return "undefined" if value is None else f"{value:.3f}"


def _curves(evaluation: Evaluation) -> list[tuple[str, Curve, dict[str, float | None]]]:
    """Return the curve of each task that has both classes."""
    listed = []
    for column, task in enumerate(evaluation.task_metrics.tasks):
        truth, scores = _known(evaluation, column)
        curve = rank(truth == 1, scores).curve()
        if curve.has_both_classes:
            listed.append((task, curve, evaluation.task_metrics.rows[column]))
    return listed


def _rank_pictures(evaluation: Evaluation) -> list[Picture]:
    """Return the ROC and the precision-recall plot."""
    curves = _curves(evaluation)
    roc = [
        plots.Line(task, _from_zero(c.false / c.false[-1]), _from_zero(c.true / c.true[-1]), row["auroc"])
        for task, c, row in curves
    ]
    pr = [plots.Line(task, c.true / c.true[-1], precision(c), row["auprc"]) for task, c, row in curves]
    rate = evaluation.task_metrics.summary.get("base_rate")
    mean = "mean " if len(evaluation.task_metrics.tasks) > 1 else ""
    return [
        Picture(
            "ROC", "How many positives are found as false positives are let in. The area is auROC.",
            plots.roc(roc, f"ROC curves; {mean}area {_worded(evaluation, 'auroc')}."),
        ),
        Picture(
            "Precision and recall",
            "How many of the rows called are right. The dotted line is the base rate, which chance gives.",
            plots.precision_recall(
                pr, rate, f"Precision by recall; {mean}average precision {_worded(evaluation, 'auprc')}, "
                f"base rate {_worded(evaluation, 'base_rate')}.",
            ),
        ),
    ]  # fmt: skip


def _from_zero(values: Floats) -> Floats:
    """Put the origin before a curve."""
    return np.concatenate([[0.0], values])


def _binary_pictures(evaluation: Evaluation) -> list[Picture]:
    """Return ROC, precision-recall, reliability and score distributions."""
    pictures = _rank_pictures(evaluation)
    if evaluation.task_metrics.scores_are_probabilities:
        pictures.append(
            Picture(
                "Reliability",
                "How often rows of a predicted probability are positive; bins of fewer than five rows are "
                "left out. On the diagonal, probabilities hold.",
                plots.reliability(
                    _reliability(evaluation),
                    "Observed by predicted probability; expected calibration error "
                    f"{_worded(evaluation, 'ece')}.",
                ),
            )
        )
    pictures.append(
        Picture(
            "Scores", "Share of each class by score, logarithmic; the less they overlap, the better.",
            plots.score_distributions(_score_panels(evaluation), "Histograms of scores, by class."),
        )
    )  # fmt: skip
    return pictures


def _grouped(evaluation: Evaluation, most: int) -> list[tuple[str, Floats, Floats]]:
    """Return (task, targets, scores) of each task, or of all pooled where they are more than `most`."""
    tasks = evaluation.task_metrics.tasks
    if len(tasks) <= most:
        return [(task, *_known(evaluation, column)) for column, task in enumerate(tasks)]
    known = ~np.isnan(evaluation.targets)
    return [(f"all {len(tasks)} tasks", evaluation.targets[known], evaluation.values[known])]


def _reliability(evaluation: Evaluation) -> list[plots.Line]:
    """Return mean probability and share of positives in each bin, NaN in bins of few."""
    lines = []
    for name, truth, scores in _grouped(evaluation, plots.MOST_LINES):
        place = calibration_bins(scores)
        count = np.bincount(place, minlength=CALIBRATION_BINS).astype(np.float64)
        count[count < _FEWEST_IN_BIN] = np.nan
        x = np.bincount(place, scores, CALIBRATION_BINS) / count
        y = np.bincount(place, truth, CALIBRATION_BINS) / count
        lines.append(plots.Line(name, x, y, None))
    return lines


def _score_panels(evaluation: Evaluation) -> list[tuple[str, Floats, Floats]]:
    """Return (task, scores of positives, scores of negatives)."""
    return [
        (name, scores[truth == 1], scores[truth == 0])
        for name, truth, scores in _grouped(evaluation, plots.MOST_LINES)
    ]


def _confusion_picture(evaluation: Evaluation) -> Picture:
    """Return the confusion matrix."""
    cells = evaluation.task_metrics.confusion
    assert cells is not None
    alt = f"Confusion matrix of {len(cells)} classes; accuracy {_worded(evaluation, 'accuracy')}."
    caption = "Rows are true classes, columns what they were called; shades are shares of the row."
    return Picture("Confusion", caption, plots.confusion(evaluation.task_metrics.tasks, cells, alt))


def task_picture(evaluation: Evaluation) -> Sequence[Picture]:
    """Return the dots of each task, where there are several."""
    figures = evaluation.task_metrics
    if len(figures.tasks) < 2:
        return ()
    names = ("auroc", "auprc") if figures.kind in ("binary", "multiclass") else ("pearson", "spearman")
    panels = [
        (
            METRICS[figures.kind][metric].label,
            [_bar(evaluation, row, metric) for row in range(len(figures.tasks))],
        )
        for metric in names
    ]
    first, second = (METRICS[figures.kind][metric].label for metric in names)
    alt = f"{first} and {second} of each of {len(figures.tasks)} tasks; the table below has the figures."
    caption = (
        "Dots are tasks, best first; grey ticks are what chance gives; bands are 95 % intervals where "
        "they were requested."
    )
    return (Picture(f"{first} and {second}", caption, plots.task_bars(panels, alt), wide=True),)


def _bar(evaluation: Evaluation, row: int, metric: str) -> plots.Bar:
    """Return one task's dot."""
    figures = evaluation.task_metrics
    values = figures.rows[row]
    chance = {"auroc": 0.5, "auprc": values.get("base_rate") or 0.0}.get(metric, 0.0)
    name = figures.tasks[row]
    return plots.Bar(name, values.get(metric), figures.interval(name, metric), chance)


def training_picture(history: Mapping[str, list[float]], header: Json | None) -> list[Picture]:
    """Return the learning curve, where there is a log of epochs."""
    losses = [
        (name.removesuffix("_loss"), values) for name, values in history.items() if name.endswith("_loss")
    ]
    if not losses or not history["epoch"]:
        return []
    best = ((header or {}).get("options") or {}).get("best-epoch")
    members = len(set(history.get("member", ())))
    numbers = [int(epoch) for epoch in history["epoch"]]
    means = [(name, mean_by_epoch(numbers, values)) for name, values in losses[:4]]
    epochs = np.array(means[0][1][0], dtype=np.float64)
    curves = [(name, np.array(values)) for name, (_, values) in means]
    caption = "Loss by epoch." + (
        "" if best is None else f" The model is that of epoch {best}, the dotted line."
    )
    if members > 1:
        caption = f"Loss by epoch, mean of those of the {members} networks that have the epoch."
    alt = f"Training and validation loss over {len(epochs)} epochs."
    return [Picture("Learning curve", caption, plots.learning(epochs, curves, best, alt))]
