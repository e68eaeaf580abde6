"""A motif that cannot be read, or has the name of another, in every command that reads collections."""

import pytest

GOOD = "letter-probability matrix: w= 6\n" + "0.97 0.01 0.01 0.01\n0.01 0.97 0.01 0.01\n" * 3
HEAD = "MEME version 4\n\n"
BAD = f"{HEAD}MOTIF one\n{GOOD}MOTIF bare\nMOTIF zero\n" + GOOD.replace("0.97 0.01 0.01 0.01", "0 0 0 0", 1)
BAD += f"MOTIF two\n{GOOD}"
TWICE = f"{HEAD}MOTIF one\n{GOOD}MOTIF one\n{GOOD}"
EMPTY = f"{HEAD}MOTIF bare\n"
FASTA = ">a\n" + "ACACACGGTTGACC" * 4 + "\n>b\n" + "GGATACACACGTTT" * 4 + "\n"


def lines(folder):
    motifs, sequences = folder / "m.meme", folder / "s.fa"
    sequences.write_text(FASTA)
    regions = folder / "r.bed"
    regions.write_text("a\t0\t20\nb\t0\t20\n")
    return {
        "scan": ("scan", motifs, sequences),
        "scan regions": ("scan", motifs, "--genome", sequences, "--regions", regions),
        "enrich": ("enrich", motifs, sequences, "--against", sequences),
        "pssm": ("pssm", motifs),
        "convert": ("convert", motifs, "--to", "jaspar"),
        "compare": ("compare", motifs, motifs, "--q-value", 1),
        "logo": ("logo", motifs),
        "show": ("show", motifs),
        "simulate single": ("simulate", "single", motifs, "--labels-out", folder / "l.bed"),
        "simulate genome": ("simulate", "genome", motifs, "--contig", "c=9000", "--bound", 2, "--unbound", 0),
    }


COMMANDS = ["scan", "scan regions", "enrich", "pssm", "convert", "compare", "logo", "show", "simulate single",
            "simulate genome"]  # fmt: skip


@pytest.mark.parametrize("name", COMMANDS)
def test_a_bad_motif_is_refused_or_skipped_with_its_line(run, tmp_path, name):
    line, path = lines(tmp_path)[name], tmp_path / "m.meme"
    path.write_text(BAD)
    refused = run(*line)
    assert (refused.code, refused.out) == (1, b"")
    assert refused.err.count("\n") == 1
    assert f"{path}:11: bare has no matrix ('--on-bad skip' leaves out such motifs)" in refused.err
    skipped = run(*line, "--on-bad", "skip")
    assert skipped.code == 0, skipped.err
    assert f"warning: {path}:11: bare has no matrix; motif skipped\n" in skipped.err
    assert f"warning: {path}:14: row 1 of zero sums to 0.03" not in skipped.err
    assert f"warning: {path}:14: row 1 of zero sums to 0; expected 1 (±0.1); motif skipped\n" in skipped.err
    path.write_text(f"{HEAD}MOTIF one\n{GOOD}MOTIF two\n{GOOD}")
    assert skipped.out == run(*line).out
    path.write_text(EMPTY)
    none = run(*line, "--on-bad", "skip")
    assert (none.code, none.out) == (1, b"")
    assert f"error: {path}: holds no usable motif" in none.err


@pytest.mark.parametrize("name", [name for name in COMMANDS if name != "show"])
def test_what_is_not_chosen_never_matters(run, tmp_path, name):
    line, path = lines(tmp_path)[name], tmp_path / "m.meme"
    path.write_text(BAD + f"MOTIF two\n{GOOD}")
    if name == "compare":
        (tmp_path / "c.meme").write_text(f"{HEAD}MOTIF one\n{GOOD}")
        line = (*line[:2], tmp_path / "c.meme", *line[3:])
    chosen = run(*line, "--motif", "one")
    assert chosen.code == 0, chosen.err
    assert "m.meme:" not in chosen.err.replace("m.meme: ", "")
    path.write_text(f"{HEAD}MOTIF one\n{GOOD}")
    assert chosen.out == run(*line, "--motif", "one").out


@pytest.mark.parametrize("name", COMMANDS)
def test_two_motifs_of_a_name_are_refused_or_renamed(run, tmp_path, name):
    line, path = lines(tmp_path)[name], tmp_path / "m.meme"
    path.write_text(TWICE)
    refused = run(*line)
    assert (refused.code, refused.out) == (1, b"")
    expected = f"{path}:11: a second motif named 'one' ('--on-duplicate rename' keeps both)"
    assert expected in refused.err
    renamed = run(*line, "--on-duplicate", "rename")
    assert renamed.code == 0, renamed.err
    assert f"warning: {path}:11: a second motif named 'one'; renamed to one_2\n" in renamed.err
    path.write_text(TWICE.replace("MOTIF one", "MOTIF one_2").replace("MOTIF one_2", "MOTIF one", 1))
    assert renamed.out == run(*line).out


def test_convert_puts_files_together_around_one_without_a_matrix(run, tmp_path):
    cisbp = "Pos\tA\tC\tG\tT\n"
    (tmp_path / "M1_2.00.txt").write_text(cisbp + "1\t0.25\t0.75\t0\t0\n")
    (tmp_path / "M2_2.00.txt").write_text(cisbp)
    (tmp_path / "M3_2.00.txt").write_text(cisbp + "1\t0\t0\t0\t1\n")
    (tmp_path / "M4_2.00.txt").write_text("")
    paths = [tmp_path / f"M{number}_2.00.txt" for number in (1, 2, 3, 4)]
    refused = run("convert", *paths[:3], "--to", "cis-bp")
    assert (refused.code, refused.out) == (1, b"")
    assert f"{paths[1]}:1: M2_2.00 has no rows" in refused.err
    skipped = run("convert", *paths, "--to", "cis-bp", "--on-bad", "skip")
    assert skipped.code == 0, skipped.err
    assert [row[1] for row in skipped.rows if row[0] == "Motif"] == ["M1_2.00", "M3_2.00"]
    assert f"{paths[3]}: is empty; expected motifs; file skipped" in skipped.err
    twice = run("convert", paths[0], paths[0], "--to", "cis-bp", "--on-duplicate", "rename")
    assert [row[1] for row in twice.rows if row[0] == "Motif"] == ["M1_2.00", "M1_2.00_2"]
    none = run("convert", paths[1], paths[3], "--on-bad", "skip")
    assert (none.code, none.out) == (1, b"")


def test_check_finds_each_bad_motif_and_judges_the_others(run, tmp_path):
    (tmp_path / "m.meme").write_text(BAD + f"MOTIF two\n{GOOD}")
    found = run("check", "--motifs", tmp_path / "m.meme")
    assert found.code == 1
    bad = [row[3].removeprefix(f"{tmp_path}/") for row in found.rows if row[1] == "bad-motif"]
    assert bad == [
        "m.meme:11: bare has no matrix",
        "m.meme:14: row 1 of zero sums to 0; expected 1 (±0.1)",
        "m.meme:28: a second motif named 'two'",
    ]
    assert any(row[1] == "no-nsites" for row in found.rows)


TAKES_MOTIFS = {
    "variants": ("variants", "MOTIFS", "CALLS"),
    "variants --motifs": ("variants", "MODEL", "CALLS", "--motifs", "MOTIFS"),
    "perturb": ("perturb", "MODEL", "--insert", "MOTIFS", "--regions", "REGIONS"),
    "discover": ("discover", "LINEAR", "--regions", "REGIONS", "--task", "REB1", "--shuffles", 1,
                 "--min-seqlets", 5, "--motifs", "MOTIFS"),
    "explain": ("explain", "MODEL", "--regions", "REGIONS", "--filters", "-", "--motifs", "MOTIFS"),
}  # fmt: skip


@pytest.mark.parametrize("name", TAKES_MOTIFS)
def test_commands_that_interpret_a_model_refuse_skip_or_rename(run, prepared, tmp_path, name):
    path = tmp_path / "m.meme"
    files = {"MOTIFS": path, "CALLS": prepared / "calls.vcf", "MODEL": prepared / "cnn.safetensors",
             "LINEAR": prepared / "linear.safetensors", "REGIONS": prepared / "regions.bed"}  # fmt: skip
    words = [files.get(word, word) for word in TAKES_MOTIFS[name]]
    line = [*words, "--genome", prepared.data / "genome.fa", "-t", 1]
    path.write_text(BAD)
    refused = run(*line, "-q")
    assert (refused.code, refused.out) == (1, b"")
    assert refused.err.endswith(
        f"error: {path}:11: bare has no matrix ('--on-bad skip' leaves out such motifs)\n"
    )
    assert refused.err.count("\n") == 1
    skipped = run(*line, "--on-bad", "skip")
    assert skipped.code == 0, skipped.err
    assert f"warning: {path}:11: bare has no matrix; motif skipped\n" in skipped.err
    assert f"warning: {path}:14: row 1 of zero sums to 0; expected 1 (±0.1); motif skipped\n" in skipped.err
    path.write_text(f"{HEAD}MOTIF one\n{GOOD}MOTIF two\n{GOOD}")
    assert skipped.out == run(*line).out
    path.write_text(TWICE)
    twice = run(*line, "-q")
    assert (twice.code, twice.out) == (1, b"")
    assert f"{path}:11: a second motif named 'one' ('--on-duplicate rename' keeps both)" in twice.err
    renamed = run(*line, "--on-duplicate", "rename")
    assert renamed.code == 0, renamed.err
    assert f"warning: {path}:11: a second motif named 'one'; renamed to one_2\n" in renamed.err


def test_a_pair_is_chosen_among_motifs_that_cannot_be_read(run, prepared, tmp_path):
    (tmp_path / "m.meme").write_text(BAD)
    line = ("perturb", prepared / "cnn.safetensors", "--insert", tmp_path / "m.meme", "--regions",
            prepared / "regions.bed", "--genome", prepared.data / "genome.fa", "--distance", 3, "-t", 1, "-q",
            "--max-regions", 5)  # fmt: skip
    pair = run(*line, "--pair", "one,two")
    assert (pair.code, pair.err) == (0, "")
    alone = run(*line[:-4], "-t", 1, "-q", "--motif", "one")
    assert alone.code == 2  # --distance is for --pair
    bad = run(*line, "--pair", "one,zero")
    assert bad.code == 1
    assert "m.meme:14: row 1 of zero sums to 0" in bad.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("variants", "MODEL", "CALLS", "--on-bad", "skip"), "--on-bad and --on-duplicate are for motifs"),
        (("perturb", "MODEL", "--ablate", "REGIONS", "--regions", "REGIONS", "--on-duplicate", "rename"),
         "--on-bad and --on-duplicate are for --insert"),
        (("explain", "MODEL", "FASTA", "--on-bad", "skip"), "--on-bad is for --regions and --motifs"),
        (("discover", "MODEL", "FASTA", "--on-duplicate", "rename"), "--on-duplicate is for --motifs"),
    ],
)  # fmt: skip
def test_rules_for_motifs_without_motifs_are_usage_errors(run, prepared, words, message):
    files = {"CALLS": prepared / "calls.vcf", "MODEL": prepared / "cnn.safetensors",
             "FASTA": prepared / "head.fa", "REGIONS": prepared / "regions.bed"}  # fmt: skip
    genome = () if "FASTA" in words else ("--genome", prepared.data / "genome.fa")
    ended = run(*(files.get(word, word) for word in words), *genome)
    assert (ended.code, ended.out) == (2, b"")
    assert message in ended.err
    assert ended.err.count("\n") == 1


@pytest.mark.parametrize("options", [("--init-motifs",), ("--baselines", "--baseline-motifs")])
def test_training_takes_the_motifs_that_can_be_read(run, tmp_path, options):
    (tmp_path / "m.meme").write_text(BAD)
    for name in ("pos", "neg"):
        records = (
            f">{name}{n}\n{'ACACAC' if name == 'pos' else 'GGTTGG'}{'ACGT' * (n + 2)}" for n in range(12)
        )
        (tmp_path / f"{name}.fa").write_text("\n".join(record[:40] for record in records) + "\n")
    line = ("train", "cnn", "--positives", tmp_path / "pos.fa", "--negatives", tmp_path / "neg.fa",
            "--layers", "conv 8x6, relu, global_pool max", "--valid-fraction", 0.3, "--epochs", 1, "-t", 1,
            "-o", tmp_path / "m.safetensors", *options, tmp_path / "m.meme")  # fmt: skip
    refused = run(*line)
    assert refused.code == 1
    assert "m.meme:11: bare has no matrix" in refused.err
    finished = run(*line, "--on-bad", "skip")
    assert finished.code == 0, finished.err
    assert "m.meme:11: bare has no matrix; motif skipped" in finished.err


def test_a_seed_is_the_first_motif_whatever_follows(run, prepared, tmp_path):
    (tmp_path / "m.meme").write_text(BAD)
    line = ("build-pwm", prepared.data / "peaks" / "REB1.narrowPeak", "--genome", prepared.data / "genome.fa",
            "--width", 40, "--seed", tmp_path / "m.meme", "-q")  # fmt: skip
    assert run(*line).code == 0
