"""``kmer-featurize``: what its options count, and what it refuses."""

import numpy as np
import pytest
import scipy.sparse

from seqnet.formats.kmers.kmer_table import read_kmer_table
from seqnet.kmers.settings import GAPPED
from tests.conftest import strands_of


@pytest.fixture
def fasta(tmp_path):
    rng = np.random.default_rng(0)
    path = tmp_path / "s.fa"
    rows = ["".join(rng.choice(list("ACGTN"), 60, p=[0.24] * 4 + [0.04])) for _ in range(20)]
    path.write_text("".join(f">s{i}\n{row}\n" for i, row in enumerate(rows)))
    return path


def test_several_lengths_and_patterns_at_once(seqnet_ok, fasta, tmp_path):
    out = tmp_path / "t.npz"
    seqnet_ok("kmer-featurize", fasta, "-k", 2, "-k", 1, "--pattern", "101", "--pattern", "11", "-o", out)
    table = read_kmer_table(str(out))
    assert table.settings.patterns == ("11", "1", "101")  # 11 was named twice
    assert table.features[[0, 10, 12]].tolist() == ["AA", "A", "ANA"]
    np.testing.assert_array_equal(scipy.sparse.load_npz(out).toarray(), table.matrix.toarray())


def test_the_gapped_set_is_eleven_patterns_square_rooted(seqnet_ok, fasta, tmp_path):
    seqnet_ok("kmer-featurize", fasta, "--gapped", "-o", tmp_path / "g.npz")
    seqnet_ok("kmer-featurize", fasta, "--gapped", "--normalize", "counts", "-o", tmp_path / "c.npz")
    rooted, counts = (read_kmer_table(str(tmp_path / name)) for name in ("g.npz", "c.npz"))
    assert rooted.settings[:3] == (GAPPED, "both", "sqrt")
    assert rooted.matrix.data == pytest.approx(np.sqrt(counts.matrix.data))


def test_threads_change_no_byte(seqnet_ok, fasta):
    runs = [seqnet_ok("kmer-featurize", fasta, "--gapped-all", 6, 4, "-t", t).out for t in (1, 2)]
    assert runs[0] == runs[1]
    assert b"##patterns=111001,110101,110011,101101\n" in runs[0]


def test_strands_by_the_region_s_column(seqnet_ok, tmp_path):
    sequence = "ACGGATTACAGGCATT"
    (tmp_path / "g.fa").write_text(f">c\n{sequence}\n")
    (tmp_path / "r.bed").write_text("c\t0\t16\tplus\t0\t+\nc\t0\t16\tminus\t0\t-\nc\t0\t16\tnone\t0\t.\n")
    (tmp_path / "s.fa").write_text(
        "".join(f">{n}\n{s}\n" for n, s in zip("+-", strands_of(sequence), strict=True))
    )
    args = ("--genome", tmp_path / "g.fa", "--regions", tmp_path / "r.bed", "--strands", "column", "-k", 2)
    finished = seqnet_ok("kmer-featurize", *args)
    forward = seqnet_ok("kmer-featurize", tmp_path / "s.fa", "--strands", "forward", "-k", 2)
    plus, minus = (row[1:] for row in forward.rows)
    assert [row[1:] for row in finished.rows] == [plus, minus, plus]
    assert finished.err.endswith("r.bed: 1 of 3 regions without a strand are read forward\n")


@pytest.mark.parametrize("form", ["npz", "tsv", "parquet"])
def test_another_file_like_a_table_is_featurised_by_its_constants(seqnet_ok, fasta, tmp_path, form):
    more = tmp_path / "more.fa"
    more.write_text(">x\nACGTTGCAAACCGT\n")
    train = tmp_path / f"train.{form}"
    seqnet_ok("kmer-featurize", fasta, "-k", 2, "--pattern", "1001", "--normalize", "z", "-o", train)
    seqnet_ok("kmer-featurize", more, "--like", train, "-o", tmp_path / f"more.{form}")
    seqnet_ok("kmer-featurize", more, "-k", 2, "--pattern", "1001", "-o", tmp_path / "raw.npz")
    table = read_kmer_table(str(tmp_path / f"more.{form}"))
    settings = read_kmer_table(str(train)).settings
    assert table.settings == settings
    raw = read_kmer_table(str(tmp_path / "raw.npz")).matrix.toarray()
    expected = (raw - np.array(settings.mean)) / np.array(settings.deviation)
    np.testing.assert_allclose(table.matrix.toarray(), expected, rtol=1e-6)


def test_parquet_is_a_data_frame(seqnet_ok, fasta, tmp_path):
    pandas = pytest.importorskip("pandas")
    seqnet_ok("kmer-featurize", fasta, "-k", 1, "-o", tmp_path / "t.parquet")
    frame = pandas.read_parquet(tmp_path / "t.parquet")
    assert frame.columns.tolist() == ["name", "A", "C"]
    shown = dict(row for row in seqnet_ok("show", tmp_path / "t.parquet").rows)
    assert (shown["kind"], shown["rows"], shown["patterns"]) == ("k-mer table", "20", "1")


@pytest.fixture
def labelled(tmp_path):
    """The options of a small genome with labelled regions on both strands."""
    rng = np.random.default_rng(1)
    (tmp_path / "g.fa").write_text(">c\n" + "".join(rng.choice(list("ACGT"), 900)) + "\n")
    rows = [
        f"c\t{20 * i}\t{20 * i + 30}\tr{i}\t.\t{'+-'[i % 2]}\t{'valid' if i % 4 == 0 else 'train'}\t{i // 2 % 2}\n"
        for i in range(40)
    ]
    (tmp_path / "r.bed").write_text("#chrom\tstart\tend\tname\tscore\tstrand\tsplit\tT\n" + "".join(rows))
    return "--regions", tmp_path / "r.bed", "--genome", tmp_path / "g.fa"


def predictions(seqnet_ok, model, *source):
    return [row[-1] for row in seqnet_ok("predict", model, *source, "-t", 1, "-q").rows]


def test_a_model_keeps_column_strands_and_the_constants_of_z(labelled, seqnet_ok, tmp_path):
    table, model = tmp_path / "t.npz", tmp_path / "m.safetensors"
    choices = ("-k", 2, "--pattern", "1101", "--strands", "column", "--normalize", "z")
    seqnet_ok("kmer-featurize", *labelled, *choices, "-o", table)
    seqnet_ok("train", "linear", "--features", table, "--labels", labelled[1], "-t", 1, "-q", "-o", model)
    by_regions = predictions(seqnet_ok, model, *labelled)
    assert by_regions == predictions(seqnet_ok, model, "--features", table)
    assert len(set(by_regions)) > 30


def test_train_takes_gapped_k_mers_of_regions(labelled, seqnet_ok, tmp_path):
    table, model = tmp_path / "t.npz", tmp_path / "m.safetensors"
    choices = ("--pattern", "11011", "--hash", 5, "--strands", "column")
    seqnet_ok("train", "linear", *labelled, *choices, "-t", 1, "-q", "-o", model)
    seqnet_ok("kmer-featurize", *labelled, *choices, "--normalize", "sqrt", "-o", table)
    assert predictions(seqnet_ok, model, *labelled) == predictions(seqnet_ok, model, "--features", table)


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--pattern", "10x"], "pattern '10x': expected 1s and 0s"),
        (["--pattern", "1101", "--pattern", "1011"], "read from the other strand"),
        (["--gapped-all", "3", "4"], "no pattern has 3 bases, 4 of them informative"),
        (["--strands", "column"], "--strands column needs --regions"),
        (["-k", "13"], "'13' is not in the range 1<=x<=12"),
        (["-k", "10", "--normalize", "z"], "z leaves no value zero"),
        (["--like", "{t}", "--pattern", "1"], "--like sets how to count: leave out --pattern"),
        (["--like", "{t}", "--gapped-all", "3", "2"], "leave out --gapped-all"),
        (["--regions", "r.bed"], "--regions and --genome go together"),
    ],
)
def test_options_that_do_not_go_together_are_one_line(run, seqnet_ok, fasta, tmp_path, args, message):
    table = tmp_path / "t.npz"
    seqnet_ok("kmer-featurize", fasta, "-o", table)
    finished = run("kmer-featurize", fasta, *[str(table) if a == "{t}" else a for a in args])
    assert (finished.code, finished.out) == (2, b"")
    assert message in finished.err
    assert finished.err.count("\n") == 1


def test_long_records_are_counted_in_bounded_memory(seqnet_ok, tmp_path):
    import resource
    import subprocess
    import sys

    big = tmp_path / "big.fa"
    with big.open("wb") as stream:
        stream.write(b">c\n")
        for _ in range(400):
            stream.write(b"ACGTC" * 200_000 + b"\n")
    finished = subprocess.run(
        [sys.executable, "-m", "seqnet", "kmer-featurize", str(big), "-k", "2", "--no-header"],
        capture_output=True, text=True, check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (600 << 20, 600 << 20)),
    )  # fmt: skip
    assert finished.returncode == 0, finished.stderr
    # AC CG GT TC CA, GT as AC, TC as GA
    assert sum(map(int, finished.stdout.split()[1:])) == 400_000_000 - 1


def test_windows_around_summits_on_some_contigs(run, tmp_path):
    (tmp_path / "g.fa").write_text(">a\nACGTACGTTTGACCAGTACGATTACAGGAT\n>b\nTTTTTTTTTTTTTTTTTTTT\n")
    peak = "{}\t{}\t{}\tp{}\t0\t.\t0\t0\t0\t{}\n"
    rows = [("a", 5, 15, 1, 4), ("b", 3, 9, 2, 2), ("a", 0, 10, 3, 1)]
    (tmp_path / "p.narrowPeak").write_text("".join(peak.format(*row) for row in rows))
    (tmp_path / "w.fa").write_text(">p1\nGTTTGA\n")  # bases 6 to 12, the summit, 9, in the middle
    regions = ("--regions", tmp_path / "p.narrowPeak", "--genome", tmp_path / "g.fa")
    cut = run("kmer-featurize", *regions, "--chroms", "a", "--width", 6, "-k", 3)
    assert cut.code == 0, cut.err
    assert "1 rows lie on other contigs" in cut.err
    assert "p.narrowPeak: 1 windows of 6 bases pass a contig's end and were skipped" in cut.err
    assert cut.rows == run("kmer-featurize", tmp_path / "w.fa", "-k", 3).rows
    refused = run("kmer-featurize", tmp_path / "w.fa", "--width", 6)
    assert refused.code == 2
    assert "--chroms and --width are for --regions" in refused.err


@pytest.mark.parametrize(
    "name", ["t.npy", "t.csv", "t.csv.gz", "t.NPZ", "t.npz.gz", "t.parquet.bgz", "t.JSON"]
)
def test_a_suffix_of_another_format_is_refused(run, tmp_path, name):
    (tmp_path / "s.fa").write_text(">a\nACGT\n")
    found = run("kmer-featurize", tmp_path / "s.fa", "-o", tmp_path / name)
    assert found.code == 2
    assert f"{name}: expected .npz, .parquet or .tsv (.tsv.gz); found .{name.split('.')[1]}" in found.err
    assert [path.name for path in tmp_path.iterdir()] == ["s.fa"]


@pytest.mark.parametrize("name", ["t", "t.tsv", "t.tsv.gz", "t.v2", "npz"])
def test_other_names_are_text(seqnet_ok, tmp_path, name):
    (tmp_path / "s.fa").write_text(">a\nACGT\n")
    seqnet_ok("kmer-featurize", tmp_path / "s.fa", "-k", 2, "-o", tmp_path / name)
    assert read_kmer_table(str(tmp_path / name)).names == ["a"]
