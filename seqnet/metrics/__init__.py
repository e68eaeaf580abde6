"""Metrics of predictions, each next to the value that chance would give."""

from seqnet.metrics.binary import BinaryMetrics, binary_metrics, mean_metrics, task_metrics
from seqnet.metrics.ranking import choose_threshold

__all__ = ["BinaryMetrics", "binary_metrics", "choose_threshold", "mean_metrics", "task_metrics"]
