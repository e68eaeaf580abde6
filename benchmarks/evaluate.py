"""Metrics of many tasks at once against scikit-learn task by task: 164 tasks by 71,886 rows."""

from __future__ import annotations

import _measure  # noqa: F401  caps the threads before numpy is loaded
import numpy as np
from _measure import function_seconds, medians, print_table
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, roc_auc_score

from seqnet.metrics import task_metrics
from seqnet.metrics.evaluate import Question, evaluate_tasks

TASKS, ROWS = 164, 71_886
"""Basset's test set (Kelley et al. 2016)."""
ROUNDS = 3


def simulated() -> tuple[np.ndarray, np.ndarray]:
    """Return targets and probabilities, float64 (rows, tasks)."""
    generator = np.random.default_rng(0)
    targets = (generator.random((ROWS, TASKS)) < generator.uniform(0.01, 0.1, TASKS)).astype(np.float64)
    logits = generator.normal(size=(ROWS, TASKS)).astype(np.float32) + 2 * targets - 3
    return targets, 1 / (1 + np.exp(-logits))


def main() -> None:
    """Time them, and check that they agree."""
    targets, scores = simulated()
    tasks = tuple(f"t{number}" for number in range(TASKS))
    thresholds = dict.fromkeys(tasks, 0.2)

    def with_scikit_learn(more: bool) -> list[tuple[float, ...]]:
        found = []
        for column in range(TASKS):
            truth, score = targets[:, column], scores[:, column]
            row = [roc_auc_score(truth, score), average_precision_score(truth, score)]
            if more:
                row += [log_loss(truth, score), brier_score_loss(truth, score)]
            found.append(tuple(row))
        return found

    ours = evaluate_tasks(tasks, targets, scores, Question("binary", thresholds))
    theirs = with_scikit_learn(True)
    keys = ("auroc", "auprc", "log_loss", "brier")
    np.testing.assert_allclose([[row[key] for key in keys] for row in ours.rows[:-1]], theirs, rtol=1e-9)
    found = medians(
        {
            "seqnet, all 14 metrics": lambda: function_seconds(
                lambda: evaluate_tasks(tasks, targets, scores, Question("binary", thresholds))
            ),
            "seqnet, auROC and auPRC": lambda: function_seconds(lambda: task_metrics(tasks, targets, scores)),
            "scikit-learn, auROC and auPRC": lambda: function_seconds(lambda: with_scikit_learn(False)),
            "scikit-learn, log loss and Brier too": lambda: function_seconds(lambda: with_scikit_learn(True)),
        },
        ROUNDS,
    )
    print_table(f"{TASKS} tasks x {ROWS} rows", found, "seqnet, all 14 metrics")


if __name__ == "__main__":
    main()
