"""Names of any letters and the header lines of one command, as the next command reads them."""

import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seqnet.commands._boundary import CommandError
from seqnet.formats.files.header import listed_names, listed_pairs, unescaped
from seqnet.formats.models.model_file import read_model, write_model
from seqnet.formats.regions.bed import COLUMNS, read_bed
from seqnet.networks.model import Model
from tests.conftest import EXAMPLE_DATA
from tests.unit.inference.test_tiles import UNPADDED, network_model

WIDTH = 60
ODD = ("a,b", "c=d", "50%2C", "x #1", "q\"u'o", "ü ∑", " two  words ", "$x$ $", "k:0.5", "50 %", "mean")
# no tabs and line breaks: a tab-separated table has no place for them, and they are refused
NAMES = st.text(
    st.one_of(st.sampled_from(list("%,:=#\"' $;_2C")), st.characters(exclude_categories=("Cs", "Cc"))),
    min_size=1, max_size=10,
).filter(lambda name: name not in (*COLUMNS, "group"))  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A genome."""
    path = tmp_path_factory.mktemp("names")
    letters = np.random.default_rng(5).choice(list("ACGT"), 6000)
    (path / "g.fa").write_text(f">c1\n{''.join(letters)}\n")
    return path


def labels(path, tasks, targets, split="test"):
    """Write a labelled-regions table of regions side by side."""
    rows = [
        "\t".join(["c1", str(i * WIDTH), str((i + 1) * WIDTH), f"r{i}", ".", ".", split, *map(str, row)])
        for i, row in enumerate(targets)
    ]
    path.write_text("\n".join(["#" + "\t".join([*COLUMNS, *tasks]), *rows]) + "\n")
    return path


def model(path, tasks, **header):
    """Write a network as training would."""
    found = network_model(UNPADDED, WIDTH, tasks=tuple(tasks))
    about = {"kind": "cnn", "genome": {}, "splits": {"train": {"rows": 5, "contigs": ["c2"]}}, **header}
    write_model(str(path), Model({**found.header, **about}, found.tensors))
    return path


def both_ways(folder, inside, suffix=".bed"):
    """Judge a model's predictions from a file and by the model itself; return both JSON objects."""
    where = ("--regions", folder / "l.bed", "--genome", folder / "g.fa", "-t", 1, "-q")
    out = folder / f"p{suffix}"
    inside("predict", folder / "m.safetensors", *where, "-o", out)
    inside(
        "evaluate", out, "--labels", folder / "l.bed", "-q", "--json", folder / "f.json", "-o", folder / "f"
    )
    inside("evaluate", "--model", folder / "m.safetensors", *where, "--json", folder / "own.json",
           "-o", folder / "m")  # fmt: skip
    return tuple(json.loads((folder / name).read_text()) for name in ("f.json", "own.json"))


def same_judgement(one, other):
    """Compare all that was judged."""
    keys = ("task_type", "thresholds_from", "rows")
    assert [one[key] for key in keys] == [other[key] for key in keys]
    assert (one["training_base_rates"] or {}) == pytest.approx(other["training_base_rates"] or {}, rel=1e-5)
    for mine, theirs in zip(one["metrics"], other["metrics"], strict=True):
        assert mine.pop("task") == theirs.pop("task")
        assert mine.keys() == theirs.keys()
        for metric, value in theirs.items():  # of a file they are rounded; None is undefined
            assert mine[metric] == (value if value is None else pytest.approx(value, rel=1e-5, abs=1e-6)), (
                metric
            )


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(NAMES, min_size=2, max_size=3, unique=True), st.sampled_from([".bed", ".tsv"]))
def test_predictions_of_tasks_of_any_name_are_judged_as_the_model_is(folder, inside, tasks, suffix):
    if suffix == ".tsv":
        tasks = [task for task in tasks if task not in ("name", "split", "group")]
    if not tasks:
        return
    generator = np.random.default_rng(len(tasks))
    labels(folder / "l.bed", tasks, generator.integers(0, 2, (40, len(tasks))))
    rates = {task: 0.25 + number / 8 for number, task in enumerate(tasks)}
    thresholds = {task: 0.4 + number / 7 for number, task in enumerate(tasks)}
    model(folder / "m.safetensors", tasks, task_type="binary", base_rates=rates, thresholds=thresholds)
    from_file, from_model = both_ways(folder, inside, suffix)
    assert [row["threshold"] for row in from_file["metrics"][: len(tasks)]] == list(thresholds.values())
    assert from_file["training_base_rates"] == pytest.approx(rates)
    same_judgement(from_file, from_model)


@pytest.mark.parametrize("kind", ["multiclass", "counts", "regression"])
def test_predictions_from_a_file_are_judged_as_their_task_type(folder, inside, kind):
    generator = np.random.default_rng(2)
    tasks = ("a,b", "c", "d")
    targets = np.eye(3, dtype=int)[generator.integers(0, 3, 60)]  # 0 and 1, as of two classes
    labels(folder / "l.bed", tasks, targets)
    model(folder / "m.safetensors", tasks, task_type=kind, base_rates={})
    from_file, from_model = both_ways(folder, inside)
    assert from_file["task_type"] == kind
    same_judgement(from_file, from_model)
    inside("evaluate", folder / "p.bed", "--labels", folder / "l.bed", "--task-type", "regression", "-q",
           "--json", folder / "f.json", "-o", folder / "f")  # fmt: skip
    assert json.loads((folder / "f.json").read_text())["task_type"] == "regression"  # what is asked wins


def test_a_task_type_that_is_none_is_refused(folder, inside):
    path = labels(folder / "l.bed", ("T",), [[0], [1]])
    (folder / "p.bed").write_text("##task-type=ordinal\n" + path.read_text())
    with pytest.raises(CommandError, match=r"p\.bed: ##task-type is 'ordinal'; expected one of binary, "):
        inside("evaluate", folder / "p.bed", "--labels", path)


def test_a_prior_moves_the_thresholds_with_the_predictions(folder, inside):
    generator = np.random.default_rng(4)
    labels(folder / "l.bed", ("A",), generator.integers(0, 2, (50, 1)))
    model(folder / "m.safetensors", ("A",), task_type="binary", base_rates={"A": 0.5}, thresholds={"A": 0.5})
    where = ("--regions", folder / "l.bed", "--genome", folder / "g.fa", "-t", 1, "-q")
    figures = []
    for more in ((), ("--prior", 0.01)):
        inside("predict", folder / "m.safetensors", *where, *more, "-o", folder / "p.bed")
        inside("evaluate", folder / "p.bed", "--labels", folder / "l.bed", "-q", "--json", folder / "f.json",
               "-o", folder / "f")  # fmt: skip
        figures.append(json.loads((folder / "f.json").read_text())["metrics"][0])
    assert figures[1]["threshold"] == pytest.approx(0.01)  # odds of 1 times .01/.99
    assert (figures[1]["f1"], figures[1]["mcc"]) == (figures[0]["f1"], figures[0]["mcc"])


def test_odd_task_names_go_from_peaks_to_a_report(inside, tmp_path):
    peaks = sorted((EXAMPLE_DATA / "peaks").glob("*.narrowPeak"))
    lines = [f"{name}\t{peaks[number % len(peaks)]}\n" for number, name in enumerate(ODD)]
    (tmp_path / "s,50%25=s.tsv").write_text("".join(lines))
    genome = EXAMPLE_DATA / "genome.fa"
    inside("label", "--samples", tmp_path / "s,50%25=s.tsv", "--genome", genome, "--width", 100,
           "--valid-chroms", "chr3", "--test-chroms", "chr4", "-q", "-o", tmp_path / "r.bed")  # fmt: skip
    made = read_bed(str(tmp_path / "r.bed"))
    assert made.tasks == ODD
    assert listed_names(made.header["peaks"]) == ["s,50%25=s.tsv"]
    where = ("--regions", tmp_path / "r.bed", "--genome", genome, "-q", "-t", 1)
    inside("train", "linear", *where, "-k", 3, "-o", tmp_path / "m.safetensors")
    kept = read_model(str(tmp_path / "m.safetensors")).header
    inside("predict", tmp_path / "m.safetensors", *where, "-o", tmp_path / "p.bed")
    header = read_bed(str(tmp_path / "p.bed")).header
    assert {name: float(text) for name, text in listed_pairs(header["thresholds"])} == kept["thresholds"]
    assert set(kept["thresholds"]) == set(ODD)
    inside("evaluate", tmp_path / "p.bed", "--labels", tmp_path / "r.bed", "-q", "--report", tmp_path / "r.html",
           "--json", tmp_path / "e.json", "-o", tmp_path / "e")  # fmt: skip
    content = json.loads((tmp_path / "e.json").read_text())
    assert [row["threshold"] for row in content["metrics"][: len(ODD)]] == [
        kept["thresholds"][n] for n in ODD
    ]


@pytest.mark.parametrize("name", ["a\tb", "a\nb", "a\rb"])
def test_names_that_no_table_can_hold_are_refused_before_anything_is_written(inside, tmp_path, name):
    sequences = ["ACGTACGTAC", "ACGTACGTAA", "TTGTACGTAC", "ACGGGCGTAC"] * 8
    rows = "".join(f"{word},{i % 2}\n" for i, word in enumerate(sequences))
    (tmp_path / "t.csv").write_text(f'seq,"{name}"\n{rows}')
    with pytest.raises(Exception, match=r"holds a tab, a line break|t\.csv"):
        inside("train", "linear", "--table", tmp_path / "t.csv", "--sequence-column", "seq", "--target", name,
               "-k", 2, "-t", 1, "-q", "-o", tmp_path / "m.safetensors")  # fmt: skip
    assert not (tmp_path / "m.safetensors").exists()
    peaks = tmp_path / f"{name}.narrowPeak"
    peaks.write_bytes(next((EXAMPLE_DATA / "peaks").glob("*.narrowPeak")).read_bytes())
    with pytest.raises(Exception, match="holds a tab, a line break or another control character"):
        inside("label", peaks, "--genome", EXAMPLE_DATA / "genome.fa", "-q", "-o", tmp_path / "l.bed")
    assert not (tmp_path / "l.bed").exists()


ODD_FILES = ("a,b%2C=c", "m\nMOTIF x", "tab\there", "#n", "\N{LINE SEPARATOR}")


@pytest.mark.parametrize("name", ODD_FILES)
def test_files_of_any_name_go_from_motif_to_merged_hits(inside, tmp_path, name):
    genome = EXAMPLE_DATA / "genome.fa"
    motifs, pssm = tmp_path / f"{name}.jaspar", tmp_path / f"{name}.pssm"
    motifs.write_bytes((EXAMPLE_DATA / "motifs.jaspar").read_bytes())
    inside("pssm", motifs, "-q", "-o", pssm)
    inside("pssm", motifs, "-q", "-o", tmp_path / "plain.tsv")
    common = ("--p-value", "1e-4", "-q")
    inside("scan", pssm, genome, *common, "-o", tmp_path / "all.bed")
    inside("scan", tmp_path / "plain.tsv", genome, *common, "--no-header", "-o", tmp_path / "tsv.bed")
    parts, tests = [], []
    for contigs in ("chr1,chr2", "chr3,chr4"):
        parts.append(tmp_path / f"{contigs}.bed")
        tests += ["--tests", tmp_path / f"{contigs}.tests.tsv"]
        inside("scan", pssm, genome, *common, "--chroms", contigs, *tests[-2:], "-o", parts[-1])
    inside("merge-hits", *parts, *tests, "-q", "-o", tmp_path / "merged.bed")
    whole = (tmp_path / "all.bed").read_bytes()
    assert (tmp_path / "merged.bed").read_bytes() == whole
    lines = whole.decode().split("\n")
    assert unescaped(lines[2].removeprefix("##motifs=")) == f"{name}.pssm"
    rows = [line for line in lines if not line.startswith("#")]
    assert (tmp_path / "tsv.bed").read_text().split("\n") == rows


@pytest.mark.parametrize("name", ODD_FILES)
@pytest.mark.parametrize("options", [("-k", 3), ("-k", 2, "--normalize", "z", "--strands", "forward")])
def test_a_kmer_table_of_sequences_of_any_name_says_how_it_was_made(inside, tmp_path, name, options):
    from seqnet.formats.kmers.kmer_table import read_kmer_table

    source = tmp_path / f"{name}.fa"
    words = ["ACGTACGGTA", "GGGTACGTAA", "TTGTACCTAC", "ACGGGCGTAC"] * 5
    source.write_text("".join(f">s{i}\n{word}\n" for i, word in enumerate(words)))
    for suffix in ("tsv", "npz"):
        inside("kmer-featurize", source, *options, "-q", "-o", tmp_path / f"t.{suffix}")
    text, packed = (read_kmer_table(str(tmp_path / f"t.{suffix}")) for suffix in ("tsv", "npz"))
    assert text.settings.facts() == packed.settings.facts()
    np.testing.assert_allclose(text.settings.mean or [], packed.settings.mean or [])
    np.testing.assert_allclose(text.matrix.toarray(), packed.matrix.toarray(), rtol=1e-6)
