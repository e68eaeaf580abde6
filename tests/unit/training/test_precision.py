import pytest
import torch

from seqnet.training import precision


def test_auto_takes_bf16_where_it_is_native(monkeypatch):
    cpu = torch.device("cpu")
    for native, expected in ((True, "bf16"), (False, "float32")):
        monkeypatch.setattr(precision, "native_bf16", lambda _device, native=native: native)
        assert precision.choose_precision("auto", cpu) == expected
        assert precision.choose_precision("float32", cpu) == "float32"
        assert precision.choose_precision("bf16", cpu) == "bf16"


@pytest.mark.parametrize("probe", ["_is_avx512_bf16_supported", "_is_amx_tile_supported"])
def test_cpus_with_either_unit_have_bf16(monkeypatch, probe):
    for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported"):
        monkeypatch.setattr(torch.cpu, name, lambda name=name: name == probe)
    assert precision.native_bf16(torch.device("cpu"))
    assert not precision.native_bf16(torch.device("meta"))


def test_only_bf16_changes_what_is_computed():
    layer, x = torch.nn.Linear(4, 3), torch.ones(2, 4)
    for name, expected in (("bf16", torch.bfloat16), ("float32", torch.float32)):
        with precision.autocast(name, torch.device("cpu")):
            assert layer(x).dtype == expected
