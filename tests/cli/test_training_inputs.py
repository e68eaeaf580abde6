"""What train can be given beside regions with a genome."""

import gzip

import numpy as np
import pytest

from seqnet.commands._boundary import CommandError
from seqnet.formats.models.model_file import read_model
from seqnet.formats.results.scores import read_scores

MOTIF = "TTACCCGGATA"
SMALL = ("--layers", "conv 8x11, relu, global_pool max", "--epochs", 3, "-t", 1)


def sequences(n, length=60, seed=0, motif=MOTIF):
    """Random sequences, each with the motif somewhere."""
    generator = np.random.default_rng(seed)
    found = []
    for _ in range(n):
        letters = "".join(generator.choice(list("ACGT"), length - len(motif)))
        at = int(generator.integers(len(letters)))
        found.append(letters[:at] + motif + letters[at:])
    return found


def write_fasta(path, texts, prefix="s"):
    path.write_text("".join(f">{prefix}{i}\n{text}\n" for i, text in enumerate(texts)))
    return path


@pytest.fixture
def bound(tmp_path):
    return write_fasta(tmp_path / "bound.fa", sequences(120))


def train(run, tmp_path, *args, kind="cnn", small=SMALL):
    finished = run("train", kind, *args, *small, "-o", tmp_path / "m.safetensors")
    assert finished.code == 0, finished.err
    return read_model(str(tmp_path / "m.safetensors")), finished


def test_shuffled_negatives_are_those_of_each_epoch_and_stay_with_their_positives(run, tmp_path, bound):
    options = (
        "--positives",
        bound,
        "--negatives",
        "shuffle",
        "--valid-fraction",
        0.2,
        "--test-fraction",
        0.2,
    )
    model, finished = train(run, tmp_path, *options)
    header = model.header
    assert header["tasks"] == ["bound"]
    assert [header["splits"][s]["rows"] for s in ("train", "valid", "test")] == [144, 48, 48]
    assert header["base_rates"] == {"bound": 0.5}
    assert (header["task_type"], header["strands"], header["input"]["width"]) == ("binary", "both", 60)
    assert "task type: binary" in finished.err
    again, _ = train(run, tmp_path, *options)
    assert all(np.array_equal(again.tensors[name], model.tensors[name]) for name in model.tensors)


def test_a_motif_is_learnt_against_shuffles(run, tmp_path):
    path = write_fasta(tmp_path / "b.fa", sequences(400))
    small = (
        "--layers",
        "conv 16x11, relu, global_pool max",
        "--epochs",
        12,
        "--learning-rate",
        0.02,
        "-t",
        1,
    )
    model, _ = train(run, tmp_path, "--positives", path, "--negatives", "shuffle", small=small)
    assert model.header["metrics"][0]["auroc"] > 0.9
    assert 0 < model.header["thresholds"]["bound"] < 1


def test_negatives_from_a_file_and_lengths_that_tell_the_classes_apart(run, tmp_path, bound):
    other = write_fasta(tmp_path / "other.fa", sequences(100, 40, 1, ""), "n")
    model, finished = train(run, tmp_path, "--positives", bound, "--negatives", other)
    assert "lengths alone tell them apart" in finished.err
    assert "100 of 220 sequences padded to 60 bases" in finished.err
    pools = [row for row in model.header["architecture"] if row["layer"] == "global_pool"]
    assert all(row["masked"] for row in pools)
    cropped, finished = train(run, tmp_path, "--positives", bound, "--negatives", other, "--length", 30)
    assert "220 of 220 sequences cropped to 30 bases" in finished.err
    assert cropped.input["width"] == 30


def test_gapped_words_of_positives_and_shuffles(run, tmp_path, bound):
    model, _ = train(
        run, tmp_path, "--positives", bound, "--negatives", "shuffle", "--gapped", kind="linear", small=()
    )
    assert model.header["metrics"][0]["auroc"] > 0.8
    assert len(model.input["settings"]["patterns"]) == 11


def test_sequences_join_labels_by_name_whatever_the_order(run, tmp_path):
    texts = sequences(60)
    write_fasta(tmp_path / "s.fa", texts)
    rows = [f"s{i}\t{i % 2}\t{'.' if i % 3 else 1}\ttest" for i in range(10)]
    rows += [f"s{i}\t{i % 2}\t{i % 3 == 0:d}\ttrain" for i in range(59, 9, -1)]
    (tmp_path / "l.tsv").write_text("#name\tA\tB\tsplit\n" + "\n".join(rows) + "\n")
    model, finished = train(run, tmp_path, "--sequences", tmp_path / "s.fa", "--labels", tmp_path / "l.tsv")
    assert model.header["tasks"] == ["A", "B"]
    assert model.header["splits"]["test"] == {"rows": 10, "contigs": []}
    assert "no valid rows: 10% of the training rows" in finished.err


def test_a_table_gives_numbers_to_learn_and_predict(run, tmp_path):
    texts = sequences(150, seed=2)
    rows = "".join(f"{text}\t{text.count('A') / 10}\n" for text in texts)
    (tmp_path / "t.tsv.gz").write_bytes(gzip.compress(rows.encode()))
    model, finished = train(
        run, tmp_path, "--table", tmp_path / "t.tsv.gz", "--sequence-column", 1, "--target", 2
    )
    assert (model.header["task_type"], model.header["strands"]) == ("regression", "forward")
    assert "sequences are read " in finished.err  # as k-mers decided
    write_fasta(tmp_path / "p.fa", texts[:5])
    predicted = run("predict", tmp_path / "m.safetensors", tmp_path / "p.fa", "-o", tmp_path / "p.tsv")
    assert predicted.code == 0, predicted.err
    values = read_scores(str(tmp_path / "p.tsv")).values
    assert values.shape == (5, 1)
    assert model.header["metrics"][0]["pearson"] is not None


def test_classes_by_name_and_groups_that_stay_together(run, tmp_path):
    texts = sequences(90, seed=3)
    rows = [f"{text},{'up' if i % 3 else 'down'},g{i // 3}" for i, text in enumerate(texts)]
    (tmp_path / "t.csv").write_text("seq,label,locus\n" + "\n".join(rows) + "\n")
    options = ("--table", tmp_path / "t.csv", "--sequence-column", "seq", "--target", "label",
               "--task-type", "multiclass", "--group-column", "locus")  # fmt: skip
    model, _ = train(run, tmp_path, *options, "--valid-fraction", 0.2)
    assert model.header["tasks"] == ["down", "up"]
    assert model.header["splits"]["valid"]["rows"] % 3 == 0
    assert model.header["options"]["loss"] == "cross_entropy"


def test_training_rows_that_leak_are_an_error_in_a_split_of_one_s_own(run, tmp_path):
    texts = sequences(40, seed=4)
    rows = [f"{text}\t{i % 2}\t{'train' if i < 30 else 'valid'}" for i, text in enumerate(texts)]
    twin = texts[35][::-1].translate(str.maketrans("ACGT", "TGCA"))
    rows.append(f"{twin}\t1\ttrain")
    (tmp_path / "t.tsv").write_text("seq\ty\tfold\n" + "\n".join(rows) + "\n")
    options = (
        "--table",
        tmp_path / "t.tsv",
        "--sequence-column",
        "seq",
        "--target",
        "y",
        "--split-column",
        "fold",
    )
    refused = run("train", "cnn", *options, *SMALL, "-o", tmp_path / "m.safetensors")
    assert refused.code == 1
    assert "row41 of train has the sequence of row36 of valid" in refused.err
    model, finished = train(run, tmp_path, *options, "--on-leak", "drop")
    assert "1 training rows that equal a held-out row are left out" in finished.err
    assert model.header["splits"]["train"]["rows"] == 30


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        ((), 2, "give one of"),
        (("--positives", "{fa}"), 2, "--positives needs --negatives"),
        (("--positives", "{fa}", "--negatives", "shuffle", "--genome", "x"), 2, "--genome does not go with"),
        (("--table", "{fa}", "--sequence-column", "s"), 2, "--table needs --target"),
        (("--sequences", "{fa}", "--labels", "{fa}"), 1, "bound.fa:1: "),
        (("--positives", "{fa}", "--negatives", "shuffle", "--valid-chroms", "chr1"), 2, "need rows with coord"),
        (("--positives", "{fa}", "--negatives", "{fa}"), 1, "two rows are named 's0'"),
        (("--positives", "{fa}", "--negatives", "shuffle", "--task-type", "multiclass"), 1, "two tasks or more"),
        (("--positives", "{fa}", "--negatives", "shuffle", "--loss", "mse"), 2, "loss mse is not for binary"),
    ],
)  # fmt: skip
def test_inputs_that_do_not_fit_are_one_line(run, tmp_path, bound, options, code, message):
    given = [str(option).format(fa=bound) for option in options]
    finished = run("train", "cnn", *given, *SMALL, "-o", tmp_path / "m.safetensors")
    assert (finished.code, finished.err.splitlines()[-1].startswith("seqnet train cnn: error: ")) == (
        code,
        True,
    )
    assert message in finished.err
    assert not (tmp_path / "m.safetensors").exists()


def test_label_tables_of_names(tmp_path):
    path = tmp_path / "l.tsv"
    path.write_text("name\tA\tsplit\nx\t1\ttrain\ny\t.\t.\n")
    labels = read_scores(str(path))
    assert (labels.names, labels.tasks, labels.splits) == (["x", "y"], ("A",), ["train", "."])
    assert np.array_equal(labels.values, [[1], [np.nan]], equal_nan=True)


def weighted_table(path, weights, split=True):
    """Two motifs: rows of one of them are mislabelled, and have the weights that are given."""
    right, wrong = sequences(120, seed=5), sequences(60, seed=6, motif="CAGGTGCAGGT")
    none = sequences(120, seed=7, motif="")
    rows = [(text, 1, 1) for text in right] + [(text, 0, 1) for text in none]
    rows += [(text, i % 2, weights) for i, text in enumerate(wrong)]
    lines = [
        f"{text}\t{y}\t{w}" + ("\tvalid" if split and i % 5 == 0 else "\ttrain" if split else "")
        for i, (text, y, w) in enumerate(rows)
    ]
    path.write_text("seq\ty\tw" + ("\tfold" if split else "") + "\n" + "\n".join(lines) + "\n")
    return ("--table", path, "--sequence-column", "seq", "--target", "y", "--weight-column", "w",
            *(("--split-column", "fold") if split else ()))  # fmt: skip


@pytest.mark.parametrize("kind", ["linear", "cnn"])
def test_rows_of_weight_zero_count_for_nothing(inside, tmp_path, kind):
    small = SMALL if kind == "cnn" else ("--loss", "bce", "--strength", 0.1, "-k", 4)
    options = weighted_table(tmp_path / "all.tsv", 0)
    inside("train", kind, *options, *small, "-q", "-o", tmp_path / "w.safetensors")
    model = read_model(str(tmp_path / "w.safetensors"))
    assert model.header["base_rates"]["y"] == pytest.approx(96 / 192)
    if kind == "linear":  # as without those rows
        lines = (tmp_path / "all.tsv").read_text().splitlines()
        (tmp_path / "some.tsv").write_text(
            "\n".join(line for line in lines if "\t0\tt" not in line and "\t0\tv" not in line)
        )
        options = ("--table", tmp_path / "some.tsv", *options[2:])
        inside("train", kind, *options, *small, "-q", "-o", tmp_path / "s.safetensors")
        other = read_model(str(tmp_path / "s.safetensors"))
        assert model.tensors["0.weight"] == pytest.approx(other.tensors["0.weight"], abs=1e-5)
    else:
        weighted_table(tmp_path / "all.tsv", 2)
        inside("train", kind, *options, *small, "-q", "-o", tmp_path / "s.safetensors")
        other = read_model(str(tmp_path / "s.safetensors"))
        assert not np.array_equal(model.tensors["0.0.weight" if "0.0.weight" in model.tensors else "0.weight"],
                                  other.tensors["0.0.weight" if "0.0.weight" in other.tensors else "0.weight"])  # fmt: skip


@pytest.mark.parametrize("weight", ["-1", "inf", "nan", "much", ""])
def test_weights_that_are_none_name_the_line(inside, tmp_path, weight):
    options = weighted_table(tmp_path / "t.tsv", weight)
    with pytest.raises(
        CommandError, match=r"t.tsv.*242.*the weight in column w is '.*'; expected a number of 0 or more"
    ):
        inside("train", "linear", *options, "-q", "-o", tmp_path / "m.safetensors")


def test_weights_that_leave_nothing_to_learn_from_are_refused(inside, tmp_path, bound):
    text = "".join(f"{s}\t{i % 2}\t0\n" for i, s in enumerate(sequences(40)))
    (tmp_path / "t.tsv").write_text(text)
    options = ("--table", tmp_path / "t.tsv", "--sequence-column", 1, "--target", 2, "--weight-column", 3)
    with pytest.raises(CommandError, match=r"t.tsv: every training row has weight 0"):
        inside("train", "linear", *options, "-q", "-o", tmp_path / "m.safetensors")
    with pytest.raises(CommandError, match="--weight-column does not go with --positives"):
        inside("train", "linear", "--positives", bound, "--negatives", "shuffle", "--weight-column", "w", "-q",
               "-o", tmp_path / "m.safetensors")  # fmt: skip


@pytest.mark.parametrize("tasks", [3, 5])
def test_what_many_tasks_have_is_said_once_and_counted(run, tmp_path, tasks):
    names = [f"t{number}" for number in range(tasks)]
    generator = np.random.default_rng(0)
    rows, bases = [], ""
    for number, split in enumerate(("train", "train", "train", "train", "valid", "valid")):
        label = number % 2  # positives have the more G and C
        bases += "".join(generator.choice(list("GC" if label else "AT"), 100))
        place = f"chr1\t{100 * number}\t{100 * number + 40}\tr{number}\t.\t.\t{split}"
        rows.append("\t".join([place, *[str(label)] * tasks]))
    columns = "\t".join(("chrom", "start", "end", "name", "score", "strand", "split", *names))
    (tmp_path / "r.bed").write_text("\n".join([f"#{columns}", *rows]) + "\n")
    (tmp_path / "g.fa").write_text(f">chr1\n{bases}\n")
    given = ("train", "cnn", "--regions", tmp_path / "r.bed", "--genome", tmp_path / "g.fa", *SMALL)
    said = run(*given, "--dry-run").err
    assert said.count("mean GC content is") == (3 if tasks == 3 else 1)
    assert ("gc-imbalance: 4 more tasks like this one" in said) == (tasks == 5)
    assert run(*given, "-v", "--dry-run").err.count("mean GC content is") == tasks
