"""CPU seconds of each suite of tests, its child processes included: ``python -m tests.suites [FOLDER...]``.

Wall clocks say little on a machine that others use, and pytest's own durations do not see child processes.
"""

import ctypes
import os
import resource
import subprocess
import sys

_PR_SET_CHILD_SUBREAPER = 36
SUITES = [
    "tests/unit seqnet", "tests/properties", "tests/reference", "tests/architecture", "tests/cli", "tests/pipeline",
    "tests/realdata", "tests/faults",
]  # fmt: skip
MARKS = {"fast": "not slow and not nightly", "slow": "slow and not nightly", "nightly": "nightly"}


def cpu_seconds(folders: str, marks: str) -> float:
    """Run the tests of folders one after the other; return the CPU seconds of all processes they start."""
    ctypes.CDLL(None).prctl(
        _PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0
    )  # servers outlive the run, and are counted too
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.Popen([sys.executable, "-m", "pytest", "-q", "-m", marks, *folders.split()])
    while True:
        try:
            os.wait()
        except ChildProcessError:
            break
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    rows = [
        (suite, [cpu_seconds(suite, marks) for marks in MARKS.values()]) for suite in sys.argv[1:] or SUITES
    ]
    print("| suite | " + " | ".join(MARKS) + " |\n|---|" + "---|" * len(MARKS))  # noqa: T201
    for suite, seconds in rows:
        print(f"| {suite} | " + " | ".join(f"{each / 60:.1f}" for each in seconds) + " |")  # noqa: T201
