"""Files in each other's place: the message says what they are, and which command or order is right."""

import pytest

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
    "kmer-featurize PEAKS": (("kmer-featurize", "peaks.bed", "-k", 3), "peaks.bed:1: ", "holds regions, not sequences", "--regions with --genome"),
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    found = tmp_path_factory.mktemp("swapped")
    for name, text in (("m.meme", MEME), ("genome.fa", GENOME), ("equal.fa", EQUAL), ("peaks.bed", PEAKS)):
        (found / name).write_text(text)
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
