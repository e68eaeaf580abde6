"""Model files of earlier versions are read for ever, with the predictions of the version that wrote them."""

import gzip
import shutil

import numpy as np
import pytest

from tests.conftest import ROOT
from tests.running import run_seqnet

FOLDER = ROOT / "tests" / "fixtures" / "models_0_1_0"
REGIONS = ("--regions", FOLDER / "rows.bed", "--genome", FOLDER / "genome.fa")
INPUTS = {
    "linear": REGIONS,
    "linear_regression": REGIONS,
    "lecture": REGIONS,
    "multiclass": REGIONS,
    "regression": REGIONS,
    "counts": REGIONS,
    "default": REGIONS,
    "kmer_term": REGIONS,
    "signal": (*REGIONS, "--signal", FOLDER / "signal.bw"),
    "dense": ("--features", FOLDER / "rows.3mers.tsv"),
    "denoise": ("--signal", FOLDER / "signal.bw", "--chroms", "c3"),
}
COORDINATES = {"bed": 7, "tsv": 1, "bedGraph": 3}


def model_file(name, tmp_path):
    """Return the model's path; large ones are kept compressed."""
    packed = FOLDER / f"{name}.safetensors.gz"
    if not packed.exists():
        return FOLDER / f"{name}.safetensors"
    path = tmp_path / f"{name}.safetensors"
    with gzip.open(packed) as source, path.open("wb") as target:
        shutil.copyfileobj(source, target)
    return path


def rows(text, kind):
    """Return the rows of a table of predictions: how each is named, and its values."""
    fields = [line.split("\t") for line in text.splitlines() if not line.startswith("#")]
    first = COORDINATES[kind]
    return [row[:first] for row in fields], np.array([row[first:] for row in fields], float)


@pytest.mark.parametrize("name", INPUTS)
def test_models_of_0_1_0_predict_as_they_did(name, tmp_path, monkeypatch):
    monkeypatch.setenv("SEQNET_CACHE", str(tmp_path / "cache"))
    (expected,) = FOLDER.glob(f"{name}.predicted.*")
    kind = expected.suffix[1:]
    out = tmp_path / f"out.{kind}"
    finished = run_seqnet("predict", model_file(name, tmp_path), *INPUTS[name], "-t", 1, "-o", out)
    assert finished.code == 0, finished.err
    names, values = rows(out.read_text(), kind)
    expected_names, expected_values = rows(expected.read_text(), kind)
    assert names == expected_names
    assert len(expected_values) >= 12
    np.testing.assert_allclose(values, expected_values, rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize("name", INPUTS)
def test_show_describes_models_of_0_1_0(name, tmp_path):
    finished = run_seqnet("show", model_file(name, tmp_path))
    assert finished.code == 0, finished.err
    assert "version seqnet\t0.1.0" in finished.text
