"""Files in each other's place: the message says what they are, and which command or order is right."""

import numpy as np
import pytest

from tests.running import run_seqnet

MEME = "MEME version 4\n\nMOTIF m\nletter-probability matrix: w= 4\n" + "0.5 0.5 0 0\n0 0 0.25 0.75\n" * 2
GENOME = ">chr1\n" + ("ACGTTGCA" * 10 + "\n") * 30 + ">chr2\n" + "ACGGT" * 10 + "\n"
EQUAL = ">a\nACGTACGT\n>b\nACGTTCGT\n"
PEAKS = "chr1\t10\t90\tp1\t5\t.\t3\t2\t1\t40\nchr2\t0\t40\tp2\t5\t.\t3\t2\t1\t20\n"

CASES = {
    "scan GENOME MOTIFS": (("scan", "genome.fa", "m.meme"), "genome.fa: ", "holds sequences, not motifs", "m.meme holds motifs: are the two swapped?"),
    "scan EQUAL MOTIFS": (("scan", "equal.fa", "m.meme"), "m.meme:1: ", "holds motifs, not sequences", "equal.fa holds sequences: are the two swapped?"),
    "scan PEAKS GENOME": (("scan", "peaks.bed", "genome.fa"), "peaks.bed: ", "holds regions, not motifs", "'seqnet build-pwm' with --genome"),
    "scan MODEL GENOME": (("scan", "model", "genome.fa"), "model:", "holds a model, not motifs", "'seqnet predict' applies a model"),
    "scan MOTIFS PEAKS": (("scan", "m.meme", "peaks.bed"), "peaks.bed:1: ", "holds regions, not sequences", "--regions with --genome"),
    "scan regions and genome": (("scan", "m.meme", "--genome", "peaks.bed", "--regions", "genome.fa"), "genome.fa:1: ", "holds sequences, not regions", "peaks.bed holds regions: are the two swapped?"),
    "enrich GENOME MOTIFS": (("enrich", "genome.fa", "m.meme", "--against", "equal.fa"), "genome.fa: ", "holds sequences, not motifs", "m.meme holds motifs: are the two swapped?"),
    "pssm SEQUENCES": (("pssm", "genome.fa"), "genome.fa: ", "holds sequences, not motifs", "'seqnet build-pwm'"),
    "pssm background": (("pssm", "m.meme", "--background", "genome.fa"), "genome.fa:1: ", "holds sequences, not a background", "from:FASTA"),
    "train PEAKS": (("train", "cnn", "--regions", "peaks.bed", "--genome", "genome.fa", "-o", "x"), "peaks.bed: ", "expected a labelled-regions table", "seqnet label"),
    "train positives": (("train", "cnn", "--positives", "peaks.bed", "--negatives", "shuffle", "-o", "x"), "peaks.bed:1: ", "holds regions, not sequences", "'seqnet label' labels peaks for training"),
    "train features": (("train", "linear", "--features", "peaks.bed", "--labels", "peaks.bed", "-o", "x"), "peaks.bed:1: ", "holds regions, not a k-mer table", "'seqnet kmer-featurize'"),
    "predict MOTIFS": (("predict", "m.meme", "--genome", "genome.fa", "--regions", "peaks.bed"), "m.meme: ", "holds motifs, not a model", "'seqnet scan'"),
    "predict PEAKS MODEL": (("predict", "peaks.bed", "--genome", "genome.fa", "--regions", "model"), "peaks.bed: ", "holds regions, not a model", "model holds a model: are the two swapped?"),
    "label FASTA": (("label", "equal.fa", "--genome", "genome.fa"), "equal.fa:1: ", "holds sequences, not regions", ""),
    "label MOTIFS": (("label", "peaks.bed", "--genome", "m.meme"), "m.meme:1: ", "holds motifs, not sequences", ""),
    "build-pwm PEAKS": (("build-pwm", "peaks.bed"), "peaks.bed:1: ", "holds regions, not aligned sites", "regions need --genome"),
    "build-pwm swapped": (("build-pwm", "genome.fa", "--genome", "peaks.bed"), "peaks.bed:1: ", "holds regions, not sequences", "genome.fa holds sequences: are the two swapped?"),
    "variants LABELS": (("variants", "model", "labels.bed", "--genome", "genome.fa"), "labels.bed:1: ", "holds regions, not variants", "'seqnet variants --saturation'"),
    "variants GENOME": (("variants", "m.meme", "genome.fa", "--genome", "genome.fa"), "genome.fa:1: ", "holds sequences, not variants", ""),
    "discover --attributions MODEL": (("discover", "--attributions", "model"), "model: ", "is no npz file of (n, 4, L) (the file holds a model)", ""),
    "discover --attributions TABLE": (("discover", "--attributions", "k.npz"), "k.npz: ", "it has no array arr_0 (its arrays: ", ""),
    "show npz of attributions": (("show", "a.npz"), "a.npz: ", "is not a k-mer table: the npz file lacks", ""),
    "merge-hits MOTIFS": (("merge-hits", "m.meme"), "m.meme:1: ", "expected the header of 'seqnet scan'", "(the file holds motifs)"),
    "evaluate --compare MOTIFS": (("evaluate", "--compare", "m.meme", "m.meme"), "m.meme: ", "is no JSON: ", "(the file holds motifs)"),
    "evaluate --patterns MOTIFS": (("evaluate", "scores.bed", "--labels", "labels.bed", "--patterns", "m.meme", "--report", "r.html"), "m.meme: ", "is no JSON: ", "(the file holds motifs)"),
    "evaluate MODEL": (("evaluate", "model", "--labels", "labels.bed"), "model:", "holds a model, not regions", "'seqnet evaluate --model' evaluates one"),
    "kmer-featurize PEAKS": (("kmer-featurize", "peaks.bed", "-k", 3), "peaks.bed:1: ", "holds regions, not sequences", "--regions with --genome"),
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    found = tmp_path_factory.mktemp("swapped")
    for name, text in (("m.meme", MEME), ("genome.fa", GENOME), ("equal.fa", EQUAL), ("peaks.bed", PEAKS)):
        (found / name).write_text(text)
    head = "#chrom\tstart\tend\tname\tscore\tstrand\tsplit\tx\n"
    for name in ("labels.bed", "scores.bed"):
        rows = [f"chr1\t{10 * n}\t{10 * n + 5}\tr{n}\t.\t.\ttest\t{n % 2}\n" for n in range(8)]
        (found / name).write_text(head + "".join(rows))
    np.savez(found / "a.npz", np.zeros((2, 4, 5), dtype=np.float32))
    assert run_seqnet("kmer-featurize", found / "equal.fa", "-k", 2, "-o", found / "k.npz").code == 0
    from tests.conftest import ROOT

    model = next((ROOT / "tests" / "fixtures" / "models_0_1_0").glob("*.safetensors"))
    (found / "model").write_bytes(model.read_bytes())
    return found


@pytest.mark.parametrize("name", CASES)
def test_a_file_in_the_place_of_another_is_recognised(run, folder, name):
    line, begin, what, hint = CASES[name]
    failed = run(*line, "-q", cwd=folder)
    assert (failed.code, failed.out) == (1, b"")
    (message,) = failed.err.splitlines()
    assert f"error: {begin}" in message
    assert what in message
    assert hint in message


def test_what_is_merely_damaged_gets_no_hint(run, folder):
    (folder / "bad.fa").write_text(">a\nACXT\n")
    (folder / "bad.bed").write_text("chr1\t1\t5\nchr1\t1\n")
    for line in (("background", "bad.fa"), ("show", "bad.bed")):
        failed = run(*line, cwd=folder)
        assert failed.code == 1
        assert "holds" not in failed.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("m.safetensors", "--regions", "labels.bed", "--genome", "genome.fa"),
         "m.safetensors is a model, which --model takes"),
        (("scores.bed", "--labels", "labels.bed", "--genome", "genome.fa"),
         "--genome is for --model; PREDICTIONS need --labels or --table alone"),
    ],
)  # fmt: skip
def test_evaluate_names_the_option_that_takes_a_model(run, folder, words, message):
    failed = run("evaluate", *words, cwd=folder)
    assert (failed.code, failed.out, failed.err.count("\n")) == (2, b"", 1)
    assert message in failed.err
