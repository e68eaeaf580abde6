import os
import pickle

import numpy as np
import pytest

from seqnet.errors import FormatError, SeqnetError, UsageError
from seqnet.formats.files.checksummed import seal
from seqnet.formats.models.checkpoint import (
    Checkpoint,
    CheckpointFolder,
    describe_differences,
    lock_folder,
    read_checkpoint,
    write_checkpoint,
)

SETTINGS = {"options": {"epochs": 5, "clip": None}, "inputs": {"a.bed": "ab" * 32}}
ARRAYS = {
    "network/0.weight": np.arange(6, dtype=np.float32).reshape(2, 3),
    "random/cpu.0": np.arange(9, dtype=np.uint8),
}
VALUES = {"step": 7, "best_score": 0.1 + 0.2, "history": [{"loss": 1 / 3}]}


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "checkpoint-000000007.safetensors"
    write_checkpoint(str(path), Checkpoint(SETTINGS, VALUES, ARRAYS))
    return path


def test_reading_undoes_writing_exactly(path):
    again = read_checkpoint(str(path))
    assert (again.settings, again.values) == (SETTINGS, VALUES)
    assert {k: (v.dtype, v.tolist()) for k, v in again.arrays.items()} == {
        k: (v.dtype, v.tolist()) for k, v in ARRAYS.items()
    }


def test_no_byte_can_change_unnoticed(path):
    good = path.read_bytes()
    for place in range(len(good)):
        path.write_bytes(good[:place] + bytes([good[place] ^ 1]) + good[place + 1 :])
        with pytest.raises(FormatError, match=r"damaged|not a complete|not a checkpoint"):
            read_checkpoint(str(path))
    for length in range(0, len(good), 7):
        path.write_bytes(good[:length])
        with pytest.raises(FormatError, match=r"damaged|not a complete|not a checkpoint"):
            read_checkpoint(str(path))


class Payload:
    def __reduce__(self):
        return os.mkdir, ("run",)


def test_a_pickle_is_refused_and_not_run(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path.write_bytes(pickle.dumps(Payload()))
    with pytest.raises(FormatError, match="not a"):
        read_checkpoint(str(path))
    assert not (tmp_path / "run").exists()


def test_the_last_two_are_kept_and_the_last_is_found(tmp_path):
    folder = CheckpointFolder(str(tmp_path), SETTINGS)
    assert folder.latest() is None
    for step in (9, 10, 100):
        folder.save(step, {"step": step}, ARRAYS)
    assert sorted(os.listdir(tmp_path)) == [
        "checkpoint-000000010.safetensors",
        "checkpoint-000000100.safetensors",
    ]
    assert folder.latest().values == {"step": 100}


def test_a_damaged_checkpoint_names_the_one_before(tmp_path):
    folder = CheckpointFolder(str(tmp_path), SETTINGS)
    folder.save(1, VALUES, ARRAYS)
    folder.save(2, VALUES, ARRAYS)
    last = tmp_path / "checkpoint-000000002.safetensors"
    last.write_bytes(last.read_bytes()[:-1] + b"?")
    with pytest.raises(
        FormatError, match=r"is damaged: its SHA-256 does not match; remove it to go on from .*-000000001"
    ):
        folder.latest()
    last.unlink()
    assert folder.latest().values == VALUES


def test_other_settings_are_refused_with_the_differences(tmp_path):
    CheckpointFolder(str(tmp_path), SETTINGS).save(1, VALUES, ARRAYS)
    other = {"options": {"epochs": 6, "clip": None}, "inputs": {"a.bed": "cd" * 32}, "threads": 2}
    with pytest.raises(
        SeqnetError,
        match=r"inputs a.bed was abababababab..., now cdcdcdcdcdcd...; options epochs was 5, now 6; threads was None, now 2",
    ):
        CheckpointFolder(str(tmp_path), other).latest()
    assert describe_differences(SETTINGS, SETTINGS) == []


def test_one_run_at_a_time_and_nothing_taken_over_unasked(tmp_path):
    folder = tmp_path / "a" / "run"
    with lock_folder(str(folder), resume=False):
        with (
            pytest.raises(SeqnetError, match="run is in use by another run"),
            lock_folder(str(folder), resume=True),
        ):
            pass
        (folder / "x").write_text("")
        (folder / ".checkpoint-000000001.safetensors.0123.seqnet-tmp").write_text("")
    with (
        pytest.raises(UsageError, match="run is not empty; add --resume"),
        lock_folder(str(folder), resume=False),
    ):
        pass
    with lock_folder(str(folder), resume=True):
        assert os.listdir(folder) == ["x"]  # leftovers of killed runs are swept


def test_a_run_goes_on_only_in_the_version_that_began_it(tmp_path):
    old, new = ({**SETTINGS, "versions": {"seqnet": version, "torch": "2"}} for version in ("0.1.0", "0.2.0"))
    CheckpointFolder(str(tmp_path), old).save(1, VALUES, ARRAYS)
    with pytest.raises(
        SeqnetError, match=r"holds a run of seqnet 0\.1\.0, this is 0\.2\.0: a run goes on only"
    ):
        CheckpointFolder(str(tmp_path), new).latest()


@pytest.mark.parametrize("header", [{}, {"settings": [], "values": {}}, {"settings": {}, "values": None}])
def test_a_header_of_wrong_types_is_one_line(path, header):
    path.write_bytes(seal("seqnet-checkpoint", header, ARRAYS))
    with pytest.raises(FormatError, match=r"is not a checkpoint that can be read: (settings|values) is "):
        read_checkpoint(str(path))
