"""The terms of train cnn: when there are some, what the model holds, and that every way to predict adds them."""

import json
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from seqnet.errors import UsageError
from seqnet.formats.models.model_file import read_model
from seqnet.genome.alphabet import encode_text
from seqnet.inference.terms.stored import stored_terms
from seqnet.pipeline.training.data import Features, Sequences, SignalWindows
from seqnet.pipeline.training.terms import kmer_fit
from seqnet.pipeline.training.terms.kmer_term import wants_term
from seqnet.pipeline.training.terms.rows import training_rows, validation_rows
from tests.running import run_seqnet

SITE = "TTACCCGGATA"
SMALL = ("--layers", "conv 4x5, relu, global_pool max", "--epochs", 1, "-t", 1, "-q")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A contig with sites, regions of 60 bases with and without, their sequences with labels."""
    folder = tmp_path_factory.mktemp("term")
    generator = np.random.default_rng(0)
    letters = generator.choice(list("ACGT"), 60 * 200)
    for row in range(1, 200, 2):
        letters[60 * row + 20 : 60 * row + 20 + len(SITE)] = list(SITE)
    text = "".join(letters)
    (folder / "g.fa").write_text(f">chr1\n{text}\n")
    splits = ["valid" if row % 5 == 0 else "train" for row in range(200)]
    (folder / "r.bed").write_text(
        "#chrom\tstart\tend\tname\tscore\tstrand\tsplit\tbound\n"
        + "".join(f"chr1\t{60 * i}\t{60 * i + 60}\tr{i}\t0\t.\t{splits[i]}\t{i % 2}\n" for i in range(200))
    )
    (folder / "s.fa").write_text("".join(f">r{i}\n{text[60 * i : 60 * i + 60]}\n" for i in range(200)))
    return folder


def regions(folder):
    return ("--regions", folder / "r.bed", "--genome", folder / "g.fa")


def last_column(text):
    return [line.split("\t")[-1] for line in text.decode().splitlines() if not line.startswith("#")]


@pytest.fixture(scope="module")
def motifs(folder):
    """The motif of the sites, and one of something else."""
    path = folder / "motifs.jaspar"
    rows = [" ".join("18" if base == site else "1" for site in SITE) for base in "ACGT"]
    site = "\n".join(f"{base} [ {row} ]" for base, row in zip("ACGT", rows, strict=True))
    other = "\n".join(
        f"{base} [ {row} ]"
        for base, row in zip("ACGT", ["1 9 1 1", "9 1 1 1", "1 1 9 1", "1 1 1 9"], strict=True)
    )
    path.write_text(f">site\n{site}\n>other\n{other}\n")
    return path


TERMS = {"k-mers": ("--kmer-term",), "motifs": ("--motifs",), "both": ("--kmer-term", "--motifs")}


@pytest.fixture(scope="module", params=TERMS)
def model(request, folder, motifs):
    """The kind of terms, and the path of a model with them."""
    path = folder / f"{request.param}.safetensors"
    options = [*TERMS[request.param], *([motifs] if request.param != "k-mers" else [])]
    finished = run_seqnet("train", "cnn", *regions(folder), *SMALL, *options, "-o", path)
    assert finished.code == 0, finished.err
    return request.param, path


def test_every_way_to_predict_adds_the_terms(run, folder, model):
    kind, path = model
    header = read_model(str(path)).header
    names = {"k-mers": ["k-mers"], "motifs": ["motifs"], "both": ["k-mers", "motifs"]}[kind]
    assert header["stack"]["parts"] == ["network", *names]
    assert [weight >= 0 for weight in header["stack"]["weights"][0]] == [True] * (1 + len(names))
    assert ("kmer_term" in header, "motif_term" in header) == ("k-mers" in names, "motifs" in names)
    assert header["options"]["kmer-term"] is ("k-mers" in names)
    alone, both = header["baselines"]["network alone"][0], header["metrics"][0]
    assert both["auroc"] > 0.99 > alone["auroc"]
    placed = run("predict", path, *regions(folder), "-q")
    named = run("predict", path, folder / "s.fa", "-q")
    tiled = run("predict", path, "--genome", folder / "g.fa", "--tile", 60, "-q")
    assert last_column(placed.out) == last_column(named.out) == last_column(tiled.out)
    judged = run("evaluate", "--model", path, "--regions", folder / "r.bed", "--genome", folder / "g.fa",
                 "--split", "valid", "-q")  # fmt: skip
    columns, values = (line.split("\t") for line in judged.out.decode().splitlines()[-2:])
    assert float(values[columns.index("auroc")]) == pytest.approx(both["auroc"], abs=1e-5)


def test_show_prints_the_weights_of_the_parts_and_the_motifs(run, model):
    kind, path = model
    shown = run("show", path, "-q").out.decode()
    assert "weight of network" in shown
    assert ("\nbound\tsite\t" in shown) == (kind != "k-mers")
    assert "seqnet explain" in run("show", path).err


def test_a_linear_model_of_motifs_predicts_alike_in_every_way(run, folder, motifs):
    path = folder / "linear.safetensors"
    finished = run("train", "linear", *regions(folder), "--motifs", motifs, "-t", 1, "-q", "-o", path)
    assert finished.code == 0, finished.err
    stored = read_model(str(path)).header
    assert stored["metrics"][0]["auroc"] > 0.99
    assert stored["inputs"]["motifs.jaspar"]
    placed = run("predict", path, *regions(folder), "-q")
    named = run("predict", path, folder / "s.fa", "-q")
    tiled = run("predict", path, "--genome", folder / "g.fa", "--tile", 60, "-q")
    assert last_column(placed.out) == last_column(named.out) == last_column(tiled.out)
    assert "motifs" in run("show", path, "-q").out.decode().splitlines()[-1]
    strength = stored["options"]["strength"]
    again = run("train", "linear", *regions(folder), "--motifs", motifs, "--strength", strength, "-t", 1, "-q",
                "-o", folder / "again.safetensors")  # fmt: skip
    assert again.code == 0, again.err
    one, two = (read_model(str(folder / f"{name}.safetensors")) for name in ("linear", "again"))
    assert np.allclose(one.tensors["motif_term.weights"], two.tensors["motif_term.weights"], atol=1e-2)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("linear", "--motifs", "{m}", "-k", 3), "--motifs takes the place of k-mers"),
        (("linear", "--motifs", "{m}", "--loss", "hinge"), "--motifs is for binary targets and regressions"),
        (("linear", "--motifs", "{m}.no"), "motifs.jaspar.no: no such file"),
        (("cnn", "--motifs", "{m}.no", *SMALL), "motifs.jaspar.no: no such file"),
    ],
)
def test_motifs_that_cannot_be_used_are_one_line(run, folder, motifs, options, message):
    words = [str(word).format(m=motifs) for word in options]
    finished = run("train", words[0], *regions(folder), *words[1:], "-q", "-o", folder / "no.safetensors")
    assert finished.code in (1, 2)
    assert message in finished.err.splitlines()[-1]
    assert not (folder / "no.safetensors").exists()


def test_motifs_start_the_first_filters_of_the_default_network(run, folder, motifs):
    path = folder / "started.safetensors"
    finished = run("train", "cnn", *regions(folder), "--motifs", motifs, "--epochs", 1, "--learning-rate", 1e-9,
                   "--ema", 0, "--no-kmer-term", "-t", 1, "-q", "-o", path)  # fmt: skip
    assert finished.code == 0, finished.err
    stored = read_model(str(path))
    filters = stored.tensors["0.weight"][:, :, 0]
    widths = dict(
        zip(stored.header["motif_term"]["names"], stored.header["motif_term"]["widths"], strict=True)
    )
    scores = np.split(stored.tensors["motif_term.scores"], np.cumsum(list(widths.values()))[:-1])
    site = dict(zip(widths, scores, strict=True))["site"]
    assert np.allclose(filters[0, :, 2:13], 0.3 * site.T, atol=1e-3)  # the motif that weighs most is first
    assert np.allclose(filters[1], filters[0][::-1, ::-1], atol=1e-3)


ONE_EPOCH = ("--epochs", 1, "-t", 1, "-q")


def stored_scores(stored):
    """Name to PSSM of the motif term."""
    term = stored.header["motif_term"]
    return dict(
        zip(
            term["names"],
            np.split(stored.tensors["motif_term.scores"], np.cumsum(term["widths"])[:-1]),
            strict=True,
        )
    )


def best_agreement(scores, site):
    """The largest number of letters of a site that are a matrix's best, at any shift and on either strand."""
    letters = np.array(["ACGT".index(base) for base in site])
    best = 0
    for strand in (scores.argmax(1), 3 - scores.argmax(1)[::-1]):
        for begin in range(len(strand) - len(site) + 1):
            best = max(best, int((strand[begin : begin + len(site)] == letters).sum()))
    return best


def test_without_a_collection_motifs_are_grown_and_start_the_network(run, folder):
    """The default network finds the planted site before its first step, and a part of its model is the term."""
    path = folder / "grown.safetensors"
    finished = run(
        "train", "cnn", *regions(folder), "--learning-rate", 1e-9, "--ema", 0, *ONE_EPOCH, "-o", path
    )
    assert finished.code == 0, finished.err
    stored = read_model(str(path))
    scores = stored_scores(stored)
    assert next(iter(scores)) == "bound:1"
    assert best_agreement(scores["bound:1"], SITE) == len(SITE)
    assert stored.header["stack"]["parts"] == ["network", "k-mers", "motifs"]
    filters = stored.tensors["0.weight"][:, :, 0]
    assert max(best_agreement(part.T, SITE) for part in filters[:4]) == len(SITE)  # of the two first motifs
    assert np.allclose(filters[1], filters[0][::-1, ::-1], atol=1e-3)
    assert "motifs" in run("show", path).out.decode()


@pytest.mark.parametrize(
    "options", [("--no-denovo-motifs",), ("--no-kmer-term",), ("--preset", "deepbind", "--kmer-term"),
                ("--init-motifs", "motifs")],
)  # fmt: skip
def test_motifs_are_grown_for_the_default_start_alone(run, folder, motifs, options):
    path = folder / "none.safetensors"
    options = [motifs if option == "motifs" else option for option in options]
    finished = run("train", "cnn", *regions(folder), *options, *ONE_EPOCH, "-o", path)
    assert finished.code == 0, finished.err
    assert "motif_term" not in read_model(str(path)).header


def test_motifs_of_a_collection_and_grown_ones_are_one_term(run, folder, motifs):
    path = folder / "joined.safetensors"
    finished = run("train", "cnn", *regions(folder), *SMALL, "--kmer-term", "--motifs", motifs, "--denovo-motifs",
                   "-o", path)  # fmt: skip
    assert finished.code == 0, finished.err
    names = list(stored_scores(read_model(str(path))))
    assert names[0] == "bound:1"
    assert names[-2:] == ["site", "other"]


def test_growing_motifs_needs_the_k_mer_term(run, folder, tmp_path):
    finished = run("train", "cnn", *regions(folder), "--no-kmer-term", "--denovo-motifs", "-q",
                   "-o", tmp_path / "m.safetensors")  # fmt: skip
    assert finished.code == 2
    assert finished.err.splitlines()[-1].endswith(
        "--denovo-motifs are grown from words of the k-mer term: give --kmer-term"
    )


@pytest.mark.parametrize("sign", [1, -1])
def test_regressions_grow_motifs_of_high_and_low_targets(run, folder, tmp_path, sign):
    """A site that lowers the target is found as one that raises it."""
    table, path = tmp_path / "t.tsv", tmp_path / "m.safetensors"
    rng = np.random.default_rng(1)
    records = (folder / "s.fa").read_text().split("\n")[1::2]
    table.write_text("seq\ty\n" + "".join(
        f"{text}\t{5 + sign * 2 * (i % 2) + 0.3 * rng.normal():.3f}\n" for i, text in enumerate(records)
    ))  # fmt: skip
    finished = run("train", "cnn", "--table", table, "--sequence-column", "seq", "--target", "y",
                   "--valid-fraction", 0.2, *ONE_EPOCH, "-o", path)  # fmt: skip
    assert finished.code == 0, finished.err
    scores = stored_scores(read_model(str(path)))
    assert max(best_agreement(matrix, SITE) for matrix in scores.values()) == len(SITE)


SEQUENCES = Sequences(np.zeros((1, 4), dtype=np.uint8))


def asked(told, preset="default", tasks=1, **changes):
    """Whether a network gets the term."""
    data = SimpleNamespace(
        **{"task_type": "binary", "material": SEQUENCES, "weights": None} | changes,
        regions=SimpleNamespace(tasks=tuple("ABCDEFG"[:tasks])),
    )
    return wants_term(told, SimpleNamespace(described={"preset": preset} if preset else {}), data)


def test_it_comes_with_the_default_preset():
    assert asked(None)
    assert asked(None, tasks=5)
    assert asked(None, task_type="regression")
    assert not asked(False)
    assert asked(True, preset=None)
    for others in ({"preset": None}, {"preset": "basset"}, {"task_type": "counts"},
                   {"material": Features(None, None, SEQUENCES)}, {"material": SignalWindows(None, SEQUENCES)},
                   {"weights": np.ones(1)}):  # fmt: skip
        assert not asked(None, **others)
    with pytest.raises(UsageError):
        asked(True, material=SignalWindows(None, SEQUENCES))


def test_a_bounded_number_of_rows_is_read(monkeypatch):
    codes = np.zeros((300, 10), dtype=np.uint8)
    data = SimpleNamespace(
        codes=codes,
        sequences=Sequences(codes),
        targets=np.arange(300.0)[:, None],
        rows=lambda split: np.arange(200) if split == "train" else np.arange(200, 300),
    )
    monkeypatch.setattr(kmer_fit, "MOST_BASES", 500)
    train, (valid, chosen) = training_rows(data, None, 0), validation_rows(data, None, 0)
    assert (len(train.codes), len(valid.codes)) == (50, 50)
    assert np.array_equal(valid.targets[:, 0], 200 + chosen)  # the same rows
    assert train.targets.max() < 200 <= valid.targets.min()


def test_terms_are_refused_where_they_cannot_be(run, folder, motifs, tmp_path):
    table = tmp_path / "t.tsv"
    records = (folder / "s.fa").read_text().split("\n")[1::2]
    table.write_text("seq\ty\n" + "".join(f"{text}\t{i % 3}\n" for i, text in enumerate(records)))
    for option in (("--kmer-term",), ("--motifs", motifs)):
        finished = run("train", "cnn", "--table", table, "--sequence-column", "seq", "--target", "y", *SMALL,
                       "--task-type", "counts", *option, "-o", tmp_path / "m.safetensors")  # fmt: skip
        assert finished.code == 2
        assert finished.err.splitlines()[-1].endswith(
            f"{option[0]} is for binary targets and regressions of sequences alone, of equal weight"
        )
        assert not (tmp_path / "m.safetensors").exists()


def test_regressions_have_terms_in_the_units_of_their_targets(run, folder, motifs, tmp_path):
    table, path = tmp_path / "t.tsv", tmp_path / "m.safetensors"
    records = (folder / "s.fa").read_text().split("\n")[1::2]
    rows = [f"{text}\t{1e6 + 1e3 * (SITE in text)}\n" for text in records]
    table.write_text("seq\ty\n" + "".join(rows))
    finished = run("train", "cnn", "--table", table, "--sequence-column", "seq", "--target", "y", *SMALL,
                   "--task-type", "regression", "--motifs", motifs, "--kmer-term", "-o", path)  # fmt: skip
    assert finished.code == 0, finished.err
    assert read_model(str(path)).header["metrics"][0]["r2"] > 0.9
    predicted = run("predict", path, folder / "s.fa", "-q").out
    assert all(abs(float(value) - 1e6) < 3e3 for value in last_column(predicted))


def test_fresh_negatives_have_a_term_too(run, folder, tmp_path):
    positives = tmp_path / "p.fa"
    records = (folder / "s.fa").read_text().split(">")[1:]
    positives.write_text("".join(f">{record}" for record in records[1::2]))
    path = tmp_path / "m.safetensors"
    finished = run("train", "cnn", "--positives", positives, "--negatives", "shuffle", *SMALL, "--kmer-term",
                   "--seed", 3, "-o", path)  # fmt: skip
    assert finished.code == 0, finished.err
    assert read_model(str(path)).header["metrics"][0]["auroc"] > 0.95


@pytest.mark.parametrize("strands", ["both", "forward"])
def test_k_mers_decide_which_strands_of_a_table_are_read(run, folder, tmp_path, strands):
    rng = np.random.default_rng(5)
    lines = []
    for row in range(400):
        letters = "".join(rng.choice(list("ACGT"), 40))
        site = SITE if row % 2 else SITE.translate(str.maketrans("ACGT", "TGCA"))[::-1]
        bound = row % 4 < 2
        text = letters[:15] + site + letters[15:] if bound else letters + letters[:11]
        lines.append(f"{text}\t{int(bound and (strands == 'both' or row % 2 == 1))}\n")
    table, path = tmp_path / "t.tsv", tmp_path / "m.safetensors"
    table.write_text("seq\ty\n" + "".join(lines))
    finished = run("train", "cnn", "--table", table, "--sequence-column", "seq", "--target", "y", *SMALL[:-1],
                   "--task-type", "regression", "-o", path)  # fmt: skip
    assert finished.code == 0, finished.err
    assert read_model(str(path)).header["strands"] == strands
    assert (
        f"sequences are read {'on both strands' if strands == 'both' else 'forward'}: k-mers" in finished.err
    )


def best_row(folder):
    """The sequence of a row with the site."""
    return (folder / "s.fa").read_text().splitlines()[3]


@pytest.mark.parametrize("method", ["ism", "deeplift"])
def test_models_with_terms_are_explained(run, folder, model, method):
    _, path = model
    (folder / "one.fa").write_text(f">r\n{best_row(folder)}\n")
    finished = run("explain", path, folder / "one.fa", "--method", method, "-q", "-t", 1,
                   "-o", folder / "a.npz", "-o", folder / "a.tsv")  # fmt: skip
    assert finished.code == 0, finished.err
    observed = np.abs(np.load(folder / "a.npz")["arr_0"][0]).max(axis=0)
    inside = observed[20 : 20 + len(SITE)].sum()
    assert inside > 0.5 * observed.sum()  # the site is 11 of 60 bases


def test_mutagenesis_is_what_predict_says_of_edited_sequences(run, folder, model):
    _, path = model
    text = best_row(folder)
    edited = [text[:25] + base + text[26:] for base in "ACGT"]
    (folder / "one.fa").write_text(f">r\n{text}\n")
    (folder / "four.fa").write_text("".join(f">r{base}\n{row}\n" for base, row in enumerate(edited)))
    run("explain", path, folder / "one.fa", "--method", "ism", "-q", "-t", 1, "-o", folder / "a.npz")
    predicted = run("predict", path, folder / "four.fa", "-q")
    values = np.array([float(value) for value in last_column(predicted.out)[-4:]])
    logits = np.log(values / (1 - values))
    found = np.load(folder / "a.npz")["arr_0"][0, :, 25]
    np.testing.assert_allclose(found, logits - logits.mean(), atol=2e-3)  # of printed probabilities


def test_gradients_of_models_with_terms_are_refused(run, folder, model):
    kind, path = model
    finished = run("explain", path, folder / "s.fa", "--method", "gradient", "-o", folder / "a.tsv")
    message = "it has no rule for the motifs of the model" if kind == "motifs" else "the model's k-mer term"
    assert finished.code != 0
    assert message in finished.err


def test_other_commands_take_models_with_terms(run, folder, model, motifs):
    _, path = model
    letters = (folder / "g.fa").read_text().splitlines()[1]
    place = 60 * 3 + 25
    other = "ACGT".replace(letters[place], "")[0]
    (folder / "v.vcf").write_text(
        "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
        f"chr1\t{place + 1}\t.\t{letters[place]}\t{other}\t.\t.\t.\n"
    )
    effects = run("variants", path, folder / "v.vcf", "--genome", folder / "g.fa", "-q")
    assert effects.code == 0, effects.err
    assert "SN_DELTA_bound=-" in effects.out.decode()
    discovered = run(
        "discover", path, *regions(folder), "-q", "-t", 1, "--shuffles", 3, "-o", folder / "p.meme"
    )
    assert discovered.code == 0, discovered.err
    assert "MOTIF" in (folder / "p.meme").read_text()
    table = run("perturb", path, "--insert", motifs, *regions(folder), "-q", "-t", 1)
    assert table.code == 0, table.err


def test_a_linear_model_of_motifs_is_explained_without_torch(run, folder, motifs, monkeypatch):
    path = folder / "plain.safetensors"
    assert run("train", "linear", *regions(folder), "--motifs", motifs, "-t", 1, "-q", "-o", path).code == 0
    monkeypatch.setitem(sys.modules, "torch", None)
    (folder / "one.fa").write_text(f">r\n{best_row(folder)}\n")
    for method in ("ism", "deeplift"):
        finished = run("explain", path, folder / "one.fa", "--method", method, "-q", "-o", folder / "a.npz")
        assert finished.code == 0, finished.err
        observed = np.abs(np.load(folder / "a.npz")["arr_0"][0]).max(axis=0)
        assert observed[20 : 20 + len(SITE)].sum() > 0.6 * observed.sum()
    refused = run("explain", path, folder / "one.fa", "--method", "gradient", "-o", folder / "a.tsv")
    assert "it has no rule for the motifs of the model" in refused.err


@pytest.fixture(scope="module")
def parted(folder, motifs):
    """A model of all parts with what training printed, and the path of its network alone."""
    bare, path = folder / "bare.safetensors", folder / "parted.safetensors"
    options = ("train", "cnn", *regions(folder), *SMALL[:-1], "--seed", 4)
    assert run_seqnet(*options, "--no-kmer-term", "-o", bare).code == 0
    finished = run_seqnet(*options, "--kmer-term", "--motifs", motifs, "-o", path)
    assert finished.code == 0, finished.err
    return path, finished.err, bare


def test_the_last_note_of_train_has_the_weight_and_the_figures_of_each_part(parted):
    path, said, _ = parted
    header = read_model(str(path)).header
    words = [
        f"{part} (weight {weight:.3g}) auROC {figures['auroc']:.4f}, auPRC {figures['auprc']:.4f}"
        for part, weight in zip(header["stack"]["parts"], header["stack"]["common"], strict=True)
        for figures in [header["baselines"][f"{part} alone"][-1]]
    ]
    last = header["metrics"][-1]
    words.append(f"all parts auROC {last['auroc']:.4f}, auPRC {last['auprc']:.4f}")
    assert len(words) == 4
    assert said.strip().splitlines()[-1] == "seqnet train cnn: parts on the validation rows: " + "; ".join(
        words
    )


def test_evaluate_reports_what_each_part_earns_on_its_rows(run, folder, parted):
    """Of the network against the same network in a model of its own, of terms against scikit-learn."""
    from sklearn.metrics import average_precision_score, roc_auc_score

    path, _, bare = parted
    data = ("--regions", folder / "r.bed", "--genome", folder / "g.fa", "--split", "train", "-q")
    page, summary = folder / "report.html", folder / "report.json"
    done = run("evaluate", "--model", path, *data[:-1], "--report", page, "--json", summary)
    assert done.code == 0, done.err
    parts = {part["name"]: part for part in json.loads(summary.read_text())["parts"]}
    model = read_model(str(path))
    assert [part["weight"] for part in parts.values()] == [*model.header["stack"]["common"], None]
    other = folder / "figures.json"
    assert run("evaluate", "--model", bare, *data, "--json", other).code == 0
    alone = json.loads(other.read_text())
    assert alone["parts"] is None
    for metric in ("auroc", "auprc"):
        assert parts["network"]["rows"][metric] == pytest.approx(alone["metrics"][0][metric], abs=1e-9)
        assert parts["network"]["valid"][metric] == model.header["baselines"]["network alone"][0][metric]
    rows = [row for row in range(200) if row % 5]
    lines = (folder / "s.fa").read_text().split(">")[1:]
    codes = np.stack([encode_text(lines[row].split("\n")[1]) for row in rows])
    targets = [row % 2 for row in rows]
    for name, term in zip(("k-mers", "motifs"), stored_terms(model), strict=True):
        values = term.products(codes)[:, 0]
        assert parts[name]["rows"]["auroc"] == pytest.approx(roc_auc_score(targets, values), abs=1e-6)
        assert parts[name]["rows"]["auprc"] == pytest.approx(
            average_precision_score(targets, values), abs=1e-3
        )
    text = page.read_text()
    assert '<h2 id="parts"' in text or 'id="parts"' in text
    assert "Parts, mean of tasks" in text
    assert "parts: network (weight" in done.err


def test_show_prints_what_each_part_earns(run, parted):
    lines = run("show", parted[0], "-q").out.decode().splitlines()
    start = lines.index("#part\tcommon_weight\tvalid_auroc\tvalid_auprc")
    assert [line.split("\t")[0] for line in lines[start + 1 : start + 5]] == [
        "network", "k-mers", "motifs", "all parts"
    ]  # fmt: skip


def test_parts_of_a_regression_are_compared_in_the_targets_units(run, folder):
    generator = np.random.default_rng(2)
    lines = (folder / "s.fa").read_text().split(">")[1:]
    sequences = [line.split("\n")[1] for line in lines]
    table = folder / "t.tsv"
    cells = [f"{name}\t{500 + 100 * ((SITE in name) + 0.1 * generator.normal()):.3f}" for name in sequences]
    rows = [f"{cell}\t{'valid' if row % 5 == 0 else 'train'}\n" for row, cell in enumerate(cells)]
    table.write_text("seq\ty\tfold\n" + "".join(rows))
    path = folder / "regression.safetensors"
    finished = run("train", "cnn", "--table", table, "--sequence-column", "seq", "--target", "y",
                   "--split-column", "fold", "--kmer-term", *SMALL[:-1], "-o", path)  # fmt: skip
    assert finished.code == 0, finished.err
    header = read_model(str(path)).header
    terms = {name: header["baselines"][f"{name} alone"][0] for name in header["stack"]["parts"]}
    assert terms["k-mers"]["r2"] > 0.05
    assert abs(terms["k-mers"]["pearson"]) <= 1
    assert (
        f"k-mers (weight {header['stack']['common'][1]:.3g}) Pearson {terms['k-mers']['pearson']:.4f}, R2 "
        in (finished.err.strip().splitlines()[-1])
    )
