import inspect
import re

import pytest

from seqnet.errors import UsageError
from seqnet.kernels import _dispatch


@pytest.fixture(autouse=True)
def _fresh():
    _dispatch.chosen.cache_clear()
    yield
    _dispatch.chosen.cache_clear()


def test_an_unknown_kind_is_refused(monkeypatch):
    monkeypatch.setenv("SEQNET_KERNELS", "fortran")
    with pytest.raises(UsageError, match="'fortran'; expected one of numpy, c"):
        _dispatch.compiled()


def test_missing_kernels_fall_back_unless_forced(monkeypatch):
    def missing(name):
        raise ImportError(name)

    monkeypatch.setattr(_dispatch.importlib, "import_module", missing)
    monkeypatch.delenv("SEQNET_KERNELS", raising=False)
    assert _dispatch.compiled() is None
    _dispatch.chosen.cache_clear()
    monkeypatch.setenv("SEQNET_KERNELS", "c")
    with pytest.raises(UsageError, match="asks for compiled kernels"):
        _dispatch.compiled()


class Built:
    """A compiled module for a processor without vectors."""

    @staticmethod
    def kinds():
        return ["c"]


def test_what_the_processor_cannot_run_is_refused(monkeypatch):
    monkeypatch.setattr(_dispatch.importlib, "import_module", lambda _name: Built)
    for wanted in ("avx2", "avx512"):
        monkeypatch.setenv("SEQNET_KERNELS", wanted)
        with pytest.raises(UsageError, match=f"asks for {wanted}, which cannot run here; what can: numpy, c"):
            _dispatch.compiled()
    monkeypatch.setenv("SEQNET_KERNELS", "c")
    assert _dispatch.compiled() is Built
    assert _dispatch.description() == "c"


def test_the_best_kind_runs_unless_one_is_forced(monkeypatch):
    monkeypatch.delenv("SEQNET_KERNELS", raising=False)
    kinds = _dispatch.available()
    assert kinds[0] == "numpy"
    assert _dispatch.description() == kinds[-1]
    for kind in kinds:
        monkeypatch.setenv("SEQNET_KERNELS", kind)
        _dispatch.chosen.cache_clear()
        assert _dispatch.description() == kind
        assert (_dispatch.compiled() is None) == (kind == "numpy")


def test_the_compiled_functions_take_what_their_types_declare():
    compiled = _dispatch.compiled()
    if compiled is None:
        pytest.skip("no compiled kernels run here")
    documented = {
        name: re.findall(r"(\w+):", getattr(compiled, name).__doc__) or [""]
        for name in dir(compiled)
        if not name.startswith("_")
    }
    declared = {
        name: list(inspect.signature(function).parameters)[1:] or [""]
        for name, function in vars(_dispatch.CompiledKernels).items()
        if not name.startswith("_")
    }
    assert declared == documented
