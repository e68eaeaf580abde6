"""CPU times of functions and commands, in turns, as medians over rounds."""

from __future__ import annotations

import os
import platform
import resource
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def function_seconds(function: Callable[[], object]) -> float:
    """Return the CPU seconds of one call."""
    begun = time.process_time()
    function()
    return time.process_time() - begun


def command_seconds(command: Sequence[str]) -> float:
    """Return the CPU seconds of one run of a command and its children."""
    before = children_seconds()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return children_seconds() - before


def children_seconds() -> float:
    """Return the CPU seconds of all commands that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def medians(timed: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, float]:
    """Time each entry once a round, in turns, and return each one's median."""
    seconds: dict[str, list[float]] = {name: [] for name in timed}
    for _ in range(rounds):
        for name, measure in timed.items():
            seconds[name].append(measure())
    return {name: statistics.median(values) for name, values in seconds.items()}


def print_table(title: str, found: Mapping[str, float], ours: str) -> None:
    """Print seconds, and how many times ours each one is."""
    print(f"\n{title} ({platform.machine()}, Python {platform.python_version()}, CPU seconds)")
    for name, value in found.items():
        print(f"  {name:<40}{value:>12.4f}{value / found[ours]:>10.2f}x")
