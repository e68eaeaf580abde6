"""The metrics by name: what they are called, what they mean, and which way is better."""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

TaskType: TypeAlias = Literal["binary", "regression", "counts", "multiclass"]
TASK_TYPES: tuple[TaskType, ...] = ("binary", "regression", "counts", "multiclass")


class Metric(NamedTuple):
    """How one metric is shown."""

    label: str
    help: str
    better: Literal["higher", "lower", ""] = "higher"


COUNTS = {
    "n": Metric("rows", "rows with a known target", ""),
    "positives": Metric("positives", "rows whose target is 1", ""),
    "base_rate": Metric("base rate", "share of positives: the auPRC of chance", ""),
}
RANKING = {
    "auroc": Metric("auROC", "chance that a positive scores above a negative, ties half"),
    "auprc": Metric("auPRC", "average precision; chance gives the base rate"),
}
BINARY = {
    **COUNTS,
    **RANKING,
    "recall_at_5_fdr": Metric("recall at 5 % FDR", "share of positives called, 1 in 20 calls false"),
    "recall_at_10_fdr": Metric("recall at 10 % FDR", "share of positives called, 1 in 10 calls false"),
    "recall_at_20_fdr": Metric("recall at 20 % FDR", "share of positives called, 1 in 5 calls false"),
    "threshold": Metric("threshold", "a row is called positive when its score reaches it", ""),
    "f1": Metric("F1", "harmonic mean of precision and recall at the threshold"),
    "mcc": Metric("MCC", "Matthews's correlation of calls and truth at the threshold"),
    "log_loss": Metric("log loss", "mean negative log-likelihood, nats", "lower"),
    "brier": Metric("Brier", "mean squared difference of probability and truth", "lower"),
    "ece": Metric("ECE", "expected calibration error over ten equal bins of probability", "lower"),
}
_CORRELATIONS = {
    "pearson": Metric("Pearson", "linear correlation of prediction and target"),
    "spearman": Metric("Spearman", "correlation of their ranks"),
    "r2": Metric("R²", "share of the target's variance explained; below 0 is worse than the mean"),
    "mse": Metric("MSE", "mean squared error", "lower"),
}
ASINH = "asinh_"
"""How metrics of the asinh of numbers begin; they are given of denoised tracks alone."""
ASINH_PEARSON = f"{ASINH}pearson"
REGRESSION = {
    "n": COUNTS["n"],
    **_CORRELATIONS,
    **{
        f"{ASINH}{name}": metric._replace(
            label=f"{metric.label}, asinh scale", help=f"{metric.help}, asinh of both"
        )
        for name, metric in _CORRELATIONS.items()
        if name != "spearman"  # ranks are the same
    },
    "peak_n": Metric("peak rows", "rows in peaks", ""),
    **{
        f"peak_{name}": metric._replace(label=f"{metric.label}, peaks", help=f"{metric.help}, in peaks")
        for name, metric in _CORRELATIONS.items()
    },
}
COUNT_TARGETS = {
    **REGRESSION,
    "poisson_deviance": Metric("Poisson deviance", "mean deviance of counts under the prediction", "lower"),
}
MULTICLASS = {
    **COUNTS,
    **RANKING,
    "precision": Metric("precision", "share of the rows called this class that are it"),
    "recall": Metric("recall", "share of the rows of this class that are called it"),
    "f1": Metric("F1", "harmonic mean of precision and recall; the mean row's is macro F1"),
    "accuracy": Metric("accuracy", "share of rows whose most probable class is right"),
    "log_loss": Metric("log loss", "mean negative log-likelihood, nats", "lower"),
}
METRICS: dict[TaskType, dict[str, Metric]] = {
    "binary": BINARY,
    "regression": REGRESSION,
    "counts": COUNT_TARGETS,
    "multiclass": MULTICLASS,
}
ROW_COUNTS = ("n", "positives", "peak_n")
"""Metrics that are numbers of rows."""
HEADLINES: dict[TaskType, tuple[str, ...]] = {
    "binary": ("auroc", "auprc"),
    "regression": ("pearson", "spearman"),
    "counts": ("pearson", "spearman"),
    "multiclass": ("accuracy", "f1"),
}
"""The metrics that are shown first, and whose intervals are in the table."""
