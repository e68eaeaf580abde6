"""Fixtures that many tests share."""

import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE_DATA = ROOT / "example_data"

settings.register_profile(
    "seqnet", deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
settings.load_profile("seqnet")


@dataclass(frozen=True)
class Finished:
    """What a run of the command line left."""

    code: int
    out: bytes
    err: str

    @property
    def text(self) -> str:
        return self.out.decode()

    @property
    def rows(self) -> list[list[str]]:
        """Fields of the lines that are no comments."""
        return [line.split("\t") for line in self.text.splitlines() if not line.startswith("#")]


def run_seqnet(*args, stdin: bytes = b"", env: dict[str, str] | None = None, cwd=None) -> Finished:
    """Run ``seqnet`` as a user would, in a process of its own."""
    finished = subprocess.run(
        [sys.executable, "-m", "seqnet", *map(str, args)],
        input=stdin,
        capture_output=True,
        env={**os.environ, **(env or {})},
        cwd=cwd,
        check=False,
    )
    return Finished(finished.returncode, finished.stdout, finished.stderr.decode())


def heed_interrupts() -> None:
    """Undo what a shell does to jobs in the background, which ignore interrupts; for a child to call."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.fixture
def run():
    """Run ``seqnet ARGS`` in its own process."""
    return run_seqnet


@pytest.fixture
def seqnet_ok():
    """Run ``seqnet ARGS`` and require that it succeeds."""

    def run_ok(*args, **options) -> Finished:
        finished = run_seqnet(*args, **options)
        assert finished.code == 0, finished.err
        return finished

    return run_ok


@pytest.fixture(scope="session")
def example_data() -> Path:
    """Return the folder of example inputs."""
    return EXAMPLE_DATA


@pytest.fixture(params=["numpy", "c"])
def kernels(request, monkeypatch):
    """Run a test with each kind of kernels that is built."""
    from seqnet.kernels import _dispatch

    monkeypatch.setenv("SEQNET_KERNELS", request.param)
    _dispatch.chosen.cache_clear()
    try:
        _dispatch.compiled()
    except Exception as error:  # not built: only possible without a compiler
        pytest.skip(str(error))
    yield request.param
    _dispatch.chosen.cache_clear()


@pytest.fixture(scope="session", params=["cpu", "cuda"])
def device(request):
    """Run a test on the CPU and, where there is one, on a GPU."""
    torch = pytest.importorskip("torch")
    if request.param == "cuda" and not torch.cuda.is_available():
        pytest.skip("no GPU")
    return torch.device(request.param)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Return the folder of public data sets, or skip."""
    folder = Path(os.environ.get("SEQNET_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("the public data sets are not here (SEQNET_DATA)")
    return folder


def strands_of(sequence: str) -> tuple[str, str]:
    """Return a sequence and its reverse complement, letter by letter."""
    pairs = {"A": "T", "C": "G", "G": "C", "T": "A", "N": "N"}
    return sequence, "".join(pairs[letter] for letter in reversed(sequence))


def pytest_configure():
    """Give each of several test processes a CPU of its own: threads that share one wait for each other."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    if worker.startswith("gw") and hasattr(os, "sched_setaffinity"):
        cpus = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cpus[int(worker[2:]) % len(cpus)]})


def pytest_addoption(parser):
    """Add the switch that rewrites expected outputs."""
    parser.addoption("--update-golden", action="store_true", help="rewrite tests/cli/golden")
