import pytest

from seqnet.errors import UsageError
from seqnet.kernels import _dispatch


@pytest.fixture(autouse=True)
def _fresh():
    _dispatch.compiled.cache_clear()
    yield
    _dispatch.compiled.cache_clear()


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
    _dispatch.compiled.cache_clear()
    monkeypatch.setenv("SEQNET_KERNELS", "c")
    with pytest.raises(UsageError, match="asks for compiled kernels"):
        _dispatch.compiled()
