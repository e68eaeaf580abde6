"""How good predictions are, beside what chance would give."""

from seqnet.training.metrics.binary import BinaryMetrics, binary_metrics, mean_metrics, task_metrics
from seqnet.training.metrics.ranking import choose_threshold

__all__ = ["BinaryMetrics", "binary_metrics", "choose_threshold", "mean_metrics", "task_metrics"]
