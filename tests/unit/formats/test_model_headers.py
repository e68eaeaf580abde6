"""Headers of models with a valid checksum and wrong contents are one line that names the field."""

import copy
import gzip
import json
import shutil

import numpy as np
import pytest
import torch

from seqnet.errors import FormatError, SeqnetError
from seqnet.formats.files.checksummed import seal
from seqnet.formats.models.model_file import read_model, write_model
from seqnet.inference.predictor import Predictor
from seqnet.networks.header.fields import check_header
from seqnet.networks.header.types import FieldError
from seqnet.networks.model import Model, linear_coefficients
from seqnet.pipeline.description.models import describe_model
from tests.conftest import ROOT

FOLDER = ROOT / "tests" / "fixtures" / "models_0_1_0"
SMALL = (
    "linear", "linear_regression", "lecture", "multiclass", "regression", "counts", "signal", "dense", "denoise",
)  # fmt: skip
LARGE = ("default", "kmer_term")
WRONG = (
    None, True, -1, 0, 1.5, float("nan"), float("inf"), 10**30, 10**400, "", "x", [], {}, [None], [[]], ["x"],
    [1.5], {"x": None}, {"x": {"x": []}}, [{}],
)  # fmt: skip
FREE = ("metrics", "options", "versions", "inputs", "command", "seed", "threads", "base_rates", "thresholds")
"""Fields that are shown and may be missing or hold values of several types."""


def model_of(name, tmp_path):
    path = FOLDER / f"{name}.safetensors"
    if not path.exists():
        path = tmp_path / path.name
        with gzip.open(FOLDER / f"{name}.safetensors.gz") as source, path.open("wb") as target:
            shutil.copyfileobj(source, target)
    return read_model(str(path))


def scaled(model):
    """A regression of this version, which has constants of its targets."""
    scale = {
        "rule": "quantile",
        "center": [0.0],
        "deviation": [1.0],
        "values": [[0.0, 2.0]],
        "scores": [[-1.0, 1.0]],
    }
    return Model({**model.header, "target_scale": scale}, model.tensors)


def places(value, place=()):
    """Yield the place of every value inside a JSON value."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inside:
        yield (*place, key)
        yield from places(one, (*place, key))


def changed(header, place, value):
    header = copy.deepcopy(header)
    inner = header
    for key in place[:-1]:
        inner = inner[key]
    if value is KeyError:
        del inner[place[-1]]
    else:
        inner[place[-1]] = value
    return header


def used(model, path):
    """Do what commands do with a header."""
    write_model(str(path), model)
    model = read_model(str(path))
    describe_model(str(path))
    if "bin" not in model.input:
        predictor = Predictor(model, torch.device("cpu"))
        if model.input["type"] == "sequence" and predictor.channels == 4:
            predictor.from_codes(np.zeros((2, model.input["width"]), np.uint8))
    if not model.header["architecture"] and model.input["type"] == "kmers":
        linear_coefficients(model)


@pytest.mark.parametrize("name", [*SMALL, "scaled"])
def test_any_wrong_value_of_any_field_is_refused_or_harmless(name, tmp_path):
    model = scaled(model_of("regression", tmp_path)) if name == "scaled" else model_of(name, tmp_path)
    passed = 0
    for place in places(model.header):
        for value in (*WRONG, KeyError):
            header = changed(model.header, place, value)
            try:
                check_header(header)
            except FieldError:
                continue
            passed += 1
            if place[0] in FREE and passed % 23:  # all alike, and many
                continue
            try:
                used(Model(header, model.tensors), tmp_path / "m.safetensors")
            except SeqnetError:
                continue
    assert passed


@pytest.mark.parametrize("name", LARGE)
def test_large_models_are_checked_too(name, tmp_path):
    model = model_of(name, tmp_path)
    for place in places(model.header):
        if place[0] not in (*FREE, "architecture", "baselines"):
            for value in ([None], {"x": None}, 1.5):
                with pytest.raises(FieldError):
                    check_header(changed(model.header, place, value))


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        (("tasks",), "bound", "tasks is 'bound'; expected a list of at least 1"),
        (("stretches",), {"valid": []}, "stretches.size is missing"),
        (("stretches",), {"size": 9, "valid": [["c", 0, "9"]]},
         "stretches.valid.0 is a list of 3; expected a list of contig, start and end"),
        (("tasks", 0), 3, "tasks.0 is 3; expected text that is not empty"),
        (("input", "width"), "60", "input.width is '60'; expected a whole number of 1 or more"),
        (("input", "width"), 10**400, "input.width is a whole number beyond 64 bits; expected a whole number"),
        (("input", "type"), ["kmers"], "input.type is a list of 1; expected sequence or kmers or scores or signals"),
        (("strands",), KeyError, "strands is missing"),
        (("splits", "train", "contigs"), None, "splits.train.contigs is None; expected a list"),
        (("genome", "c1"), 7, "genome.c1 is 7; expected text"),
        (("base_rates", "level"), "x" * 99, "base_rates.level is 'xxx"),
        (("architecture", 0), [], "architecture.0 is a list of 0; expected a layer"),
        (("target_scale",), {"rule": "z", "center": [0.0], "deviation": [0.0]},
         "target_scale.deviation.0 is 0.0; expected a finite number above 0"),
        (("target_scale",), {"rule": "z", "center": [0.0, 1.0], "deviation": [1.0]},
         "target_scale.center is not one for each of 1 tasks"),
        (("options", "best-epoch"), "x", "options.best-epoch is 'x'; expected a whole number"),
    ],
)  # fmt: skip
def test_the_message_names_the_field(tmp_path, place, value, message):
    model = model_of("regression", tmp_path)
    path = tmp_path / "m.safetensors"
    header = changed(model.header, place, value)
    write_model(str(path), Model(header, model.tensors))
    with pytest.raises(FormatError) as caught:
        read_model(str(path))
    assert str(caught.value).startswith(f"{path}: is not a model that can be read: {message}")


def test_tensors_beside_the_network_are_checked(tmp_path):
    model = model_of("linear", tmp_path)
    path = tmp_path / "m.safetensors"
    for name, tensor in (("input.mean", None), ("input.scale", np.ones(5)), ("0.weight", np.ones((3, 32)))):
        tensors = {key: value for key, value in model.tensors.items() if key != name}
        write_model(str(path), Model(model.header, tensors if tensor is None else {**tensors, name: tensor}))
        with pytest.raises(FormatError, match=f"tensor {name} "):
            read_model(str(path))


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        "null",
        "[]",
        "3",
        '"x"',
        "{",
        '{"a": ' * 50_000,
        '{"schema_version": ' + "9" * 9999 + "}",
    ],
    ids=["deep list", "null", "list", "number", "text", "cut", "deep object", "long number"],
)
def test_headers_that_are_no_json_objects_are_one_line(tmp_path, text, monkeypatch):
    path = tmp_path / "m.safetensors"
    with monkeypatch.context() as patched:
        patched.setattr(json, "dumps", lambda _header: text)
        data = seal("seqnet", {}, {"a": np.zeros(1)})
    path.write_bytes(data)
    with pytest.raises(FormatError, match=r"its header is not (a )?JSON( object)?"):
        read_model(str(path))


def test_deep_layers_of_a_header_are_one_line(tmp_path):
    model = model_of("regression", tmp_path)
    row = {"layer": "dropout", "rate": 0.1}
    for _ in range(300):
        row = {"layer": "residual", "layers": [row]}
    write_model(str(tmp_path / "m"), Model({**model.header, "architecture": [row]}, model.tensors))
    with pytest.raises(
        FormatError, match=r"architecture\.0 is an object of 2; expected a layer, nested at most 16"
    ):
        read_model(str(tmp_path / "m"))
