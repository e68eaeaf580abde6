"""The options of train that decide layers and first weights."""

import re

import click
import numpy as np
import pytest

from seqnet.errors import FormatError, SeqnetError, UsageError
from seqnet.formats.models.model_file import read_model
from seqnet.networks.grammar import parse_layers
from seqnet.networks.layers import Shape
from seqnet.pipeline.training.architecture import (
    cnn_architecture,
    dense_architecture,
    make_network,
    read_architecture,
)
from seqnet.pipeline.training.request import TrainCnnRequest, TrainDenseRequest
from tests.conftest import EXAMPLE_DATA

TEXT = "conv 6x5 padding=valid, batch_norm, relu, global_pool max, dense 3, tanh"


MOTIFS = str(EXAMPLE_DATA / "motifs.jaspar")


def architecture(**options):
    if "dropout" in options or "hidden" in options:
        return dense_architecture(TrainDenseRequest(features="k.npz", labels="regions.bed", **options))
    return cnn_architecture(TrainCnnRequest(regions="regions.bed", genome="genome.fa", **options))


def source(prepared):
    return ("--regions", prepared / "regions.bed", "--genome", prepared.data / "genome.fa", "-q", "-t", 1)


def trained(seqnet_ok, prepared, path, *options, kind="cnn"):
    seqnet_ok("train", kind, *source(prepared), "--epochs", 1, "-o", path, *options)
    return read_model(str(path))


def test_a_dry_run_prints_the_network_and_trains_nothing(seqnet_ok, prepared, tmp_path):
    finished = seqnet_ok("train", "cnn", *source(prepared), "--layers", TEXT, "--dry-run", cwd=tmp_path)
    rows = finished.rows
    assert rows[0] == ["layer", "channels", "length", "parameters", "receptive_field"]
    assert rows[1] == ["input", "4", "100", "0", "1"]
    assert rows[2] == ["conv 6x5 padding=valid", "6", "96", str(6 * 5 * 4 + 6), "5"]
    assert rows[5] == ["global_pool max", "6", ".", "0", "100"]
    tasks = len(read_model(str(prepared / "cnn.safetensors")).tasks)
    assert rows[-2] == ["output", str(tasks), ".", str(3 * tasks + tasks), "100"]
    assert rows[-1] == ["total", ".", ".", str(sum(int(row[3]) for row in rows[1:-1])), "100"]
    assert list(tmp_path.iterdir()) == []


def test_text_and_toml_say_the_same(tmp_path):
    tables, text = tmp_path / "tables.toml", tmp_path / "text.toml"
    tables.write_text(
        '[[layers]]\nlayer = "conv"\nfilters = 6\nwidth = 5\npadding = "valid"\n'
        '[[layers]]\nlayer = "batch_norm"\n[[layers]]\nlayer = "activation"\nname = "relu"\n'
        '[[layers]]\nlayer = "global_pool"\nkind = "max"\n[[layers]]\nlayer = "dense"\nunits = 3\n'
        '[[layers]]\nlayer = "activation"\nname = "tanh"\n'
    )
    text.write_text(f'layers = """\n{TEXT}\n"""\n')
    for path in (tables, text):
        found = architecture(architecture_path=str(path))
        assert found.layers == parse_layers(TEXT) == architecture(layers=TEXT).layers
        assert found.described == {"architecture": path.name}
    assert architecture(layers=TEXT, init="he", no_bias=True).described == {
        "layers": TEXT,
        "init": "he",
        "no-bias": True,
    }


def test_dense_networks_take_layers_too(seqnet_ok, prepared, tmp_path):
    options = ("-k", 3, "--layers", "dense 5, prelu", "--no-bias", "--init", "glorot")
    model = trained(seqnet_ok, prepared, tmp_path / "m.safetensors", *options, kind="dense")
    tasks = len(model.tasks)
    sizes = {name: array.size for name, array in model.tensors.items() if not name.startswith("input.")}
    assert sorted(sizes.values()) == sorted([32 * 5, 1, 5 * tasks])
    assert model.header["options"]["init"] == "glorot"
    predicted = seqnet_ok("predict", tmp_path / "m.safetensors", *source(prepared)[:4])
    assert len(predicted.rows) > 100


def test_the_output_starts_at_the_prior(seqnet_ok, prepared, tmp_path):
    options = ("--layers", "global_pool max", "--init", "zeros", "--force", "--prior-bias")
    model = trained(seqnet_ok, prepared, tmp_path / "m.safetensors", *options, "--learning-rate", 1e-9)
    rates = np.array(list(model.header["base_rates"].values()))
    assert model.tensors["1.bias"] == pytest.approx(np.log(rates / (1 - rates)), abs=1e-4)


def test_first_filters_start_as_motifs(run, prepared, tmp_path):
    path = tmp_path / "m.safetensors"
    options = ("--layers", "conv 4x15, relu, global_pool max", "--init-motifs", prepared / "reb1.pssm")
    finished = run(
        "train", "cnn", *source(prepared)[:4], "-t", 1, "--epochs", 1, "--learning-rate", 1e-9,
        "-o", path, *options,
    )  # fmt: skip
    assert finished.code == 0, finished.err
    assert "reb1.pssm: 2 of 4 first filters start as motifs, on both strands" in finished.err
    filters = read_model(str(path)).tensors["0.weight"][:, :, 0]
    assert filters[1] == pytest.approx(filters[0, ::-1, ::-1], abs=1e-5)
    assert abs(filters[0]).max() > 1 > abs(filters[2]).max()


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"layers": "conv 4x5, reul"}, UsageError, "--layers: layer 2 is 'reul'; expected one of conv"),
        ({"layers": "relu", "preset": "basset"}, UsageError, "--preset and --layers exclude each other"),
        ({"preset": "lecture", "init": "zeros"}, UsageError, "stay identical; choose another, or --force"),
        ({"preset": "basset"}, SeqnetError, "architecture: layer 9: conv leaves nothing of"),
        ({"preset": "atacworks"}, UsageError, "an output at every position"),
        ({"layers": "dense 4", "init_motifs": MOTIFS}, SeqnetError, "no convolution for motifs"),
        ({"layers": "conv 1x5", "init_motifs": MOTIFS}, FormatError, "motifs.jaspar: 3 motifs on both"),
    ],
)  # fmt: skip
def test_what_cannot_be_built_says_why(options, error, message):
    with click.Context(click.Command("train")), pytest.raises(error, match=re.escape(message)):
        make_network(architecture(**options), Shape(4, 100), np.zeros((3, 2)))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("layers = [", "net.toml: "),
        ("layer = 3", "net.toml: unknown key 'layer'; expected layers"),
        ("layers = 3", "net.toml: layers: expected text, or a table [[layers]]"),
        ("", "net.toml: layers: expected text, or a table [[layers]]"),
        ("[[layers]]\nlayer = 'conv'\nfilters = 3\nwidths = 4", "net.toml: layer 1 (conv): unknown option 'widths'"),
        ("[[layers]]\nlayer = 'conv'\nfilters = 3.5\nwidth = 4", "net.toml: layer 1 (conv): filters is 3.5"),
        ("layers = 'conv 3x'", "net.toml: layer 1 (conv): filters is '3x'"),
        ("layers = '\xff'", "net.toml: "),
    ],
)  # fmt: skip
def test_errors_in_toml_name_the_file_and_the_key(tmp_path, text, message):
    path = tmp_path / "net.toml"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(FormatError, match=re.escape(message)):
        read_architecture(str(path))


def test_a_model_needs_a_file(run, prepared):
    finished = run("train", "cnn", *source(prepared))
    assert (finished.code, finished.err.count("\n")) == (2, 1)
    assert "missing option '-o' / '--output' (or --dry-run)" in finished.err
