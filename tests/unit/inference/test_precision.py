"""bfloat16: where it is native, and how far its predictions are from float32's."""

import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score

from seqnet.inference import precision
from seqnet.inference.predictor import Predictor
from seqnet.inference.tiles import Tiles
from seqnet.model_inputs.inputs import one_hot_tensor
from seqnet.networks.grammar import parse_layers
from seqnet.networks.layers import Shape, build_network
from seqnet.networks.model import Model

LAYERS = (
    "conv 16x9 padding=0, batch_norm, exponential, max_pool 2, conv 16x3 padding=0, relu, "
    "global_pool max_average, dense 16, relu"
)


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


@pytest.fixture
def wrong_at_24(monkeypatch):
    """A torch that gets bfloat16 convolutions of 24 positions wrong, as one with AMX does."""
    plain = torch.nn.functional.conv2d

    def conv2d(x, weight, *rest):
        outputs = plain(x, weight, *rest)
        return outputs.flip(1) if weight.shape[3] == 24 and x.dtype == torch.bfloat16 else outputs

    monkeypatch.setattr(precision.functional, "conv2d", conv2d)
    precision._right_in_bf16.cache_clear()
    yield
    precision._right_in_bf16.cache_clear()


def test_a_convolution_that_is_wrong_in_bf16_is_found(wrong_at_24):
    good = parse_layers("conv 8x9, relu, conv 16x3 dilation=4 stride=2, conv 16x5 groups=4, global_pool max")
    bad = parse_layers("conv 8x9, relu, conv 16x24 padding=0, global_pool max")
    assert precision.wrong_in_bf16(build_network(good, Shape(4, 80), 1)) == ""
    with torch.device("meta"):
        network = build_network(bad, Shape(4, 80), 1)
    assert precision.wrong_in_bf16(network) == "16 filters of 24 positions over 8 channels"


def test_networks_that_are_wrong_in_bf16_are_trained_in_float32(wrong_at_24):
    from seqnet.pipeline.training.fitting import with_right_precision
    from seqnet.training.config import FitConfig

    bad, good = (parse_layers(f"conv 8x{width}, global_pool max") for width in (24, 23))
    shape, cpu = Shape(4, 60), torch.device("cpu")
    config = FitConfig(precision="bf16")
    assert with_right_precision(config, bad, shape, 1, cpu).precision == "float32"
    assert with_right_precision(config, good, shape, 1, cpu) is config
    assert with_right_precision(config, bad, shape, 1, torch.device("meta")) is config


def test_models_that_are_wrong_in_bf16_are_not_predicted_in_it(wrong_at_24, monkeypatch):
    from seqnet.errors import UsageError
    from seqnet.pipeline.prediction.model import load_predictor

    monkeypatch.setattr(precision, "native_bf16", lambda _device: True)
    for width in (24, 23):
        layers = parse_layers(f"conv 8x{width}, global_pool max")
        network = build_network(layers, Shape(4, 60), 1)
        spec = {"type": "sequence", "width": 60, "features": None, "settings": None}
        header = {"architecture": layers, "tasks": ["t"], "input": spec, "strands": "forward"}
        model = Model(header, {name: values.numpy() for name, values in network.state_dict().items()})
        if width == 24:
            with pytest.raises(
                UsageError, match="8 filters of 24 positions over 4 channels wrong in bfloat16"
            ):
                load_predictor(model, device="cpu", threads=1, precision="bf16")
        else:
            load_predictor(model, device="cpu", threads=1, precision="bf16")


def test_only_bf16_changes_what_is_computed():
    layer, x = torch.nn.Linear(4, 3), torch.ones(2, 4)
    for name, expected in (("bf16", torch.bfloat16), ("float32", torch.float32)):
        with precision.autocast(name, torch.device("cpu")):
            assert layer(x).dtype == expected


@pytest.fixture(scope="module")
def trained():
    """A network that has learnt to find a word in sequences of 60 bases, and sequences it has not seen."""
    generator, layers = np.random.default_rng(0), parse_layers(LAYERS)
    torch.manual_seed(0)
    network = build_network(layers, Shape(4, 60), 1).to(memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(network.parameters(), 0.005)

    def rows(n):
        codes = generator.integers(0, 4, (n, 60)).astype(np.uint8)
        for row in range(0, n, 2):
            at = generator.integers(0, 52)
            codes[row, at : at + 8] = [3, 2, 0, 1, 3, 1, 0, 2]
        return codes, (np.arange(n) % 2 == 0).astype(np.float32)[:, None]

    for _ in range(40):
        codes, targets = rows(128)
        outputs = network(one_hot_tensor(torch.from_numpy(codes)))
        loss = torch.nn.functional.binary_cross_entropy_with_logits(outputs, torch.from_numpy(targets))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    header = {
        "architecture": layers, "tasks": ["T"], "strands": "forward",
        "input": {"type": "sequence", "width": 60, "features": None, "settings": None},
    }  # fmt: skip
    tensors = {name: tensor.numpy() for name, tensor in network.state_dict().items()}
    return Model(header, tensors), *rows(1000)


def test_bf16_predicts_nearly_what_float32_does(trained):
    """The mean error is at most 2e-3, the largest 2e-2, and auROC the same to three decimals."""
    model, codes, targets = trained
    single, half = (Predictor(model, torch.device("cpu"), precision=name) for name in ("float32", "bf16"))
    contig = codes[:50].reshape(-1)
    pairs = [
        (single.from_codes(codes), half.from_codes(codes)),
        tuple(np.concatenate([c.values for c in Tiles(p, 4).predict(contig)]) for p in (single, half)),
    ]
    aurocs = [roc_auc_score(targets, found) for found in pairs[0]]
    assert aurocs[0] > 0.9
    assert abs(aurocs[0] - aurocs[1]) < 1e-3
    for one, other in pairs:
        errors = np.abs(one - other)
        assert 0 < errors.mean() <= 2e-3
        assert errors.max() <= 2e-2


def test_a_function_replaced_for_a_test_is_not_kept(monkeypatch):
    from seqnet.lookup import resolve

    place = "seqnet.inference.precision:native_bf16"
    with monkeypatch.context() as patched:
        patched.setattr(precision, "native_bf16", "replaced")
        assert resolve(place) == "replaced"
    assert resolve(place) is precision.native_bf16
