import json
import pickle

import numpy as np
import pytest
from safetensors.numpy import save

from seqnet.errors import FormatError
from seqnet.formats.models.model_file import read_model, write_model
from seqnet.networks.model import Model

HEADER = {
    "kind": "cnn", "architecture": [], "tasks": ["A", "é"], "input": {"type": "sequence", "width": 8},
    "strands": "both", "genome": {},
    "splits": {split: {"rows": 1, "contigs": []} for split in ("train", "valid", "test")},
}  # fmt: skip
MODEL = Model(
    HEADER,
    {"a": np.arange(6, dtype=np.float32).reshape(2, 3), "n": np.array(5, dtype=np.int64)},
)


@pytest.fixture
def path(tmp_path):
    write_model(str(tmp_path / "m.safetensors"), MODEL)
    return tmp_path / "m.safetensors"


def test_reading_undoes_writing(path):
    again = read_model(str(path))
    assert again.header == {"schema_version": 2, **MODEL.header}
    assert again.tasks == ("A", "é")
    assert {k: (v.dtype, v.tolist()) for k, v in again.tensors.items()} == {
        k: (v.dtype, v.tolist()) for k, v in MODEL.tensors.items()
    }


def test_equal_models_are_equal_bytes(path, tmp_path):
    write_model(str(tmp_path / "again"), MODEL)
    assert (tmp_path / "again").read_bytes() == path.read_bytes()


def test_other_safetensors_readers_read_it(path):
    from safetensors.numpy import load_file

    assert load_file(path)["a"].tolist() == [[0, 1, 2], [3, 4, 5]]


def test_no_byte_can_change_unnoticed(path):
    good = path.read_bytes()
    for place in range(len(good)):
        damaged = bytearray(good)
        damaged[place] ^= 0x01
        path.write_bytes(damaged)
        with pytest.raises(FormatError, match=r"damaged|not a complete|not a model"):
            read_model(str(path))


def test_truncated_files_are_refused(path):
    good = path.read_bytes()
    for length in range(len(good)):
        path.write_bytes(good[:length])
        with pytest.raises(FormatError, match=r"damaged|not a complete|not a model"):
            read_model(str(path))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        pickle.dumps({"a": 1}),
        (1 << 62).to_bytes(8, "little") + b"{}",
        save({"a": np.zeros(2)}),
        save({"../../evil": np.zeros(2)}, metadata={"other": "{}"}),
    ],
    ids=["empty", "pickle", "huge header", "foreign", "foreign with names"],
)
def test_other_files_are_refused(tmp_path, data):
    path = tmp_path / "x"
    path.write_bytes(data)
    with pytest.raises(FormatError, match=r"is not a (complete )?model file"):
        read_model(str(path))


def test_other_schemas_are_refused_with_the_reason(tmp_path):
    write_model(str(tmp_path / "x"), Model({"schema_version": 99}, {"a": np.zeros(1)}))
    with pytest.raises(FormatError, match="model schema 99; this version of seqnet reads schemas 1 to 3"):
        read_model(str(tmp_path / "x"))


def test_the_header_is_plain_json(path):
    data = path.read_bytes()
    size = int.from_bytes(data[:8], "little")
    metadata = json.loads(data[8 : 8 + size])["__metadata__"]
    assert json.loads(metadata["seqnet"][64:])["kind"] == "cnn"
