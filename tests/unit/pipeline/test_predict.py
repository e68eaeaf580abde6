"""``seqnet.predict`` from Python: what the command writes, as values; linear models without torch."""

import subprocess
import sys

import numpy as np
import pytest

import seqnet
from seqnet.errors import SeqnetError, UsageError
from seqnet.formats.kmers.kmer_table import read_kmer_table
from seqnet.formats.models.model_file import read_model, write_model
from seqnet.formats.regions.bed import read_bed
from seqnet.networks.model import Model
from seqnet.pipeline.prediction.request import PredictRequest
from tests.conftest import ROOT

NETWORK = ROOT / "tests" / "cli" / "golden" / "few.safetensors"
GENOME = ">c1\nAACCGGTTACGTACGT\n>c2\nGGGGCCCC\n"
REGIONS = "c1\t0\t4\tone\t0\t+\nc1\t4\t8\ttwo\t0\t-\nc2\t0\t4\tthree\t0\t.\n"
WEIGHTS, BIAS = np.array([0.5, -1.0, 2.0, 0.25]), -0.5  # of the counts of A, C, G and T


def linear_model(**more):
    """Return a model of single bases on the strand of the regions."""
    settings = {"patterns": ["1"], "strands": "forward", "normalize": "counts", "hash_bits": 0}
    header = {
        "kind": "linear", "architecture": [], "tasks": ["t"], "strands": "forward", "task_type": "binary",
        "input": {"type": "kmers", "width": 4, "features": 4, "settings": settings},
        "splits": {name: {"rows": 0, "contigs": []} for name in ("train", "valid", "test")},
        "base_rates": {"t": 0.5}, "seed": 0, "options": {}, "inputs": {}, "versions": {}, "metrics": [],
        "genome": {},
    }  # fmt: skip
    tensors = {
        "0.weight": WEIGHTS[None].astype(np.float32), "0.bias": np.array([BIAS], dtype=np.float32),
        "input.mean": np.zeros(4, np.float32), "input.scale": np.ones(4, np.float32),
    }  # fmt: skip
    return Model(header | more, tensors)


def by_hand(sequence):
    """Return the prediction of a sequence."""
    counts = np.array([sequence.count(base) for base in "ACGT"])
    return 1 / (1 + np.exp(-(counts @ WEIGHTS + BIAS)))


@pytest.fixture
def files(tmp_path):
    (tmp_path / "g.fa").write_text(GENOME)
    (tmp_path / "r.bed").write_text(REGIONS)
    write_model(str(tmp_path / "m.safetensors"), linear_model())
    return tmp_path


def written_rows(path):
    return [line.split("\t") for line in path.read_text().splitlines() if line[0] != "#"]


def test_regions_are_predicted_as_by_hand_and_nothing_is_printed(files, capfd):
    result = seqnet.predict(linear_model(), regions=files / "r.bed", genome=files / "g.fa")
    assert (result.tasks, result.rows, result.gaps, result.outputs) == (("t",), 3, 0, ())
    table = result.predictions
    assert table.values.dtype == np.float32
    assert table.values[:, 0].tolist() == pytest.approx([*map(by_hand, ("AACC", "GGTT", "GGGG"))], rel=1e-6)
    assert list(table.columns()) == ["chrom", "start", "end", "name", "strand", "t"]
    assert [row[:5] for row in table.rows()][:2] == [("c1", 0, 4, "one", "+"), ("c1", 4, 8, "two", "-")]
    assert len(table) == 3
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("model", ["m.safetensors", NETWORK])
def test_predictions_are_those_of_the_file_for_a_path_and_a_value(files, model):
    given = {"regions": files / "r.bed", "genome": files / "g.fa"}
    if model is NETWORK:
        width = read_model(str(NETWORK)).input["width"]
        (files / "g.fa").write_text(">c1\n" + "ACGTTGCAAC" * 10 + "\n")
        (files / "r.bed").write_text(f"c1\t0\t{width}\tone\t0\t+\nc1\t2\t{width + 2}\ttwo\t0\t-\n")
    path = files / model
    table = seqnet.predict(path, **given).predictions
    written = seqnet.predict(path, **given, output=files / "p.bed")
    assert written.predictions is None
    assert written.outputs == (str(files / "p.bed"),)
    rows = [row[7:] for row in written_rows(files / "p.bed")]
    assert np.array(rows, dtype=np.float32).tolist() == table.values.tolist()
    by_value = seqnet.predict(
        read_model(str(path)), regions=read_bed(str(files / "r.bed")), genome=files / "g.fa"
    )
    assert by_value.predictions.values.tolist() == table.values.tolist()


def test_sequences_and_tables_have_names_alone(files):
    sequences = seqnet.predict(linear_model(), files / "g.fa").predictions
    assert sequences.names.tolist() == ["c1", "c2"]
    assert sequences.regions is None
    expected = [by_hand("AACCGGTTACGTACGT"), by_hand("GGGGCCCC")]
    assert sequences.values[:, 0].tolist() == pytest.approx(expected, rel=1e-6)
    assert list(sequences.columns()) == ["name", "t"]


def test_tiles_of_a_linear_model_are_its_windows(files):
    result = seqnet.predict(linear_model(), genome=files / "g.fa", tile=4, output=files / "t.bed")
    assert (result.rows, result.left_out, result.outputs) == (6, 0, (str(files / "t.bed"),))
    rows = written_rows(files / "t.bed")
    assert float(rows[0][7]) == pytest.approx(by_hand("AACC"), rel=1e-6)
    assert float(rows[-1][7]) == pytest.approx(by_hand("CCCC"), rel=1e-6)


def test_a_prior_moves_the_logit_of_a_linear_model(files):
    found = seqnet.predict(linear_model(), files / "g.fa", prior=0.2).predictions.values[1, 0]
    logit = np.log(by_hand("GGGGCCCC") / (1 - by_hand("GGGGCCCC"))) + np.log(0.2 / 0.8)
    assert found == pytest.approx(1 / (1 + np.exp(-logit)), rel=1e-5)


@pytest.mark.parametrize(
    ("task_type", "expected"),
    [("counts", [np.exp(1.5)]), ("regression", [1.5])],
)
def test_outputs_of_other_targets(files, task_type, expected):
    (files / "s.fa").write_text(">s\nG\n")
    found = seqnet.predict(linear_model(task_type=task_type), files / "s.fa").predictions
    assert found.values[0].tolist() == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("task_type", ["binary", "multiclass", "regression", "counts"])
def test_a_linear_model_predicts_the_same_through_torch(task_type):
    from seqnet.inference.linear_predictor import LinearPredictor
    from seqnet.inference.predictor import Predictor, torch

    model = linear_model(task_type=task_type, tasks=["t", "u"])
    model.tensors["0.weight"] = np.array([WEIGHTS, 1 - WEIGHTS], dtype=np.float32)
    model.tensors["0.bias"] = np.array([BIAS, 0], dtype=np.float32)
    codes = np.random.default_rng(0).integers(0, 5, (300, 4)).astype(np.uint8)
    ours = LinearPredictor(model).from_codes(codes)
    assert ours.shape == (300, 2)
    assert np.allclose(ours, Predictor(model, torch.device("cpu")).from_codes(codes), rtol=1e-5)


@pytest.mark.parametrize(
    "call",
    [
        "seqnet.predict('m.safetensors', regions='r.bed', genome='g.fa')",
        "seqnet.predict('m.safetensors', 'g.fa')",
        "seqnet.predict('m.safetensors', features='k.npz')",
        "seqnet.predict('m.safetensors', genome='g.fa', tile=4, output='t.bed')",
        "seqnet.evaluate(model='m.safetensors', regions='l.bed', genome='g.fa')",
        "seqnet.evaluate('p.bed', labels='l.bed')",
    ],
)
def test_linear_models_predict_without_torch(files, call):
    (files / "l.bed").write_text(
        "#chrom\tstart\tend\tname\tscore\tstrand\tsplit\tt\n"
        "c1\t0\t4\tone\t.\t+\ttest\t1\nc1\t4\t8\ttwo\t.\t-\ttest\t0\nc2\t0\t4\tthree\t.\t.\ttest\t1\n"
    )
    seqnet.predict(linear_model(), regions=files / "r.bed", genome=files / "g.fa", output=files / "p.bed")
    if "k.npz" in call:
        command = [sys.executable, "-m", "seqnet", "kmer-featurize", "g.fa", "-k", "1", "--strands",
                   "forward", "--normalize", "counts", "-q", "-o", "k.npz"]  # fmt: skip
        subprocess.run(command, cwd=files, check=True)
        table = read_kmer_table(str(files / "k.npz"))
        by_value = seqnet.predict(linear_model(), features=table).predictions
        by_path = seqnet.predict(linear_model(), features=files / "k.npz").predictions
        assert by_value.values.tolist() == by_path.values.tolist()
    code = f"import sys, seqnet; {call}; assert 'torch' not in sys.modules; assert 'click' not in sys.modules"
    finished = subprocess.run(
        [sys.executable, "-c", code], cwd=files, capture_output=True, text=True, check=False
    )
    assert finished.returncode == 0, finished.stderr


def test_predictions_that_are_no_number_are_gaps_or_an_error(files):
    model = linear_model(task_type="counts")
    model.tensors["0.bias"][0] = 1e30
    with pytest.raises(SeqnetError, match=r"the prediction of t at c1 is infinite"):
        seqnet.predict(model, files / "g.fa")
    result = seqnet.predict(model, files / "g.fa", missing="gap")
    assert result.gaps == 2
    assert np.isnan(result.predictions.values).all()


def test_fields_that_contradict_each_other_are_refused_at_once():
    with pytest.raises(UsageError, match="give --regions with --genome"):
        PredictRequest("missing.safetensors")
    with pytest.raises(UsageError, match="--tile writes files"):
        seqnet.predict("missing.safetensors", genome="g.fa", tile=50)
    with pytest.raises(UsageError, match="--resume, --work-dir and --max-n are for --tile"):
        seqnet.predict("missing.safetensors", "s.fa", resume=True)


def test_tracks_are_given_by_name(files):
    with pytest.raises(SeqnetError, match="the model expects no signal tracks; found dnase"):
        seqnet.predict(
            linear_model(), regions=files / "r.bed", genome=files / "g.fa", signals={"dnase": "d.bw"}
        )


def test_tracks_alone_are_for_models_that_denoise(files):
    denoiser = ROOT / "tests" / "fixtures" / "models_0_1_0" / "denoise.safetensors"
    with pytest.raises(UsageError, match="denoised tracks go to bigWig or bedGraph"):
        seqnet.predict(denoiser, signals={"atac": "shallow.bw"})
    with pytest.raises(UsageError, match="give --regions with --genome"):
        seqnet.predict(linear_model(), signals={"atac": "shallow.bw"})
