"""Fixtures that many tests share."""

import logging
import os
import signal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.prepared import EXAMPLE_DATA as EXAMPLE_DATA
from tests.prepared import prepared as prepared
from tests.running import Finished, run_child, run_seqnet

ROOT = Path(__file__).resolve().parent.parent

settings.register_profile(
    "seqnet", deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
settings.load_profile("seqnet")


def heed_interrupts() -> None:
    """Undo what a shell does to jobs in the background, which ignore interrupts; for a child to call."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.fixture(autouse=True)
def own_log():
    """Leave the library's log as it is without a command, whatever a test ran in this process."""
    logger = logging.getLogger("seqnet")
    logger.handlers, logger.propagate = [], True
    logger.setLevel(logging.NOTSET)


@pytest.fixture
def run():
    """Run ``seqnet ARGS`` in this process; see `tests.running`."""
    return run_seqnet


@pytest.fixture
def child():
    """Run ``seqnet ARGS`` in a process of its own."""
    return run_child


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
