"""Genomes in odd forms, names of other styles, intervals out of place, damaged models, bombs: over commands."""

import gzip
import pickle

import numpy as np
import pytest

from seqnet.formats.models.model_file import read_model, write_model
from tests.faults.lines import NAMES, ids, line, output_of, source_of
from tests.faults.processes import Setting, contents, finish
from tests.faults.test_same_results import PEAKS, PLACES, place_line, run_in

pytestmark = pytest.mark.fault
EVERY = pytest.mark.parametrize("names", NAMES, ids=ids)
EFFECTS = [("explain",), ("discover",), ("variants",), ("perturb",)]
READERS_OF_MODELS = [("predict",), ("evaluate",), *EFFECTS, ("show",)]
READERS_OF_FASTA = [("build-pwm",), ("scan",), ("kmer-featurize",), ("background",), ("enrich",)]
"""Commands whose input is FASTA; a genome is read by those of `PLACES`."""

FORMS = {
    "CRLF": lambda text: text.replace("\n", "\r\n"),
    "CR": lambda text: text.replace("\n", "\r"),
    "byte order mark": lambda text: "\ufeff" + text,
    "one line": lambda text: "\n".join(
        head + "\n" + "".join(rest) for head, *rest in (part.split("\n") for part in text.split("\n>"))
    ).replace("\nchr", "\n>chr").replace("\ns", "\n>s"),
    "lower case": lambda text: "".join(
        row if row.startswith(">") else row.lower() for row in text.splitlines(keepends=True)
    ),
    "blank lines": lambda text: text.replace("\n>", "\n\n\n>"),
    "no last line end": lambda text: text.rstrip("\n"),
}  # fmt: skip
REFUSED = {
    "empty": lambda text: text[:0],
    "a header alone": lambda text: text[:1],
    "digits": lambda text: text.replace("A", "7", 1),
    "text before the first header": lambda text: "ACGT\n" + text,
    "a name twice": lambda text: text + text,
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("names", PLACES, ids=ids)
def test_a_genome_in_another_form_gives_the_same_bytes(names, prepared, small_rows, tmp_path, form):
    text = (prepared.data / "genome.fa").read_text()
    bed, results = tmp_path / "p.bed", []
    bed.write_text(PEAKS)
    for name, written in (("genome1", text), ("genome2", FORMS[form](text))):
        (tmp_path / f"{name}.fa").write_bytes(written.encode())
        words = place_line(names, prepared, tmp_path / f"{name}.fa", bed, small_rows)
        finished, found = run_in(tmp_path / name, words)
        results.append((finished.code, finished.err, found))
    (code, err, expected), (odd_code, odd_err, found) = results
    assert (odd_code, odd_err) == (code, err)
    if form != "lower case" and names[0] != "train":  # a model holds the hash of its genome
        assert {name: data.replace(b"genome2", b"genome1") for name, data in found.items()} == expected
    assert found.keys() == expected.keys() != set()


@pytest.mark.parametrize("form", REFUSED)
@pytest.mark.parametrize("names", PLACES, ids=ids)
def test_a_genome_that_is_no_fasta_is_one_line_naming_it(names, prepared, small_rows, tmp_path, form):
    bad, bed = tmp_path / "bad.fa", tmp_path / "p.bed"
    bed.write_text(PEAKS)
    bad.write_text(REFUSED[form]((prepared.data / "genome.fa").read_text()))
    finished, found = run_in(tmp_path, place_line(names, prepared, bad, bed, small_rows))
    assert finished.code == 1
    if names == ("check",):  # that is what it reports
        assert b"bad.fa" in found["out.txt"]
        return
    assert (finished.err.count("\n"), found) == (1, {}), finished.err
    assert "bad.fa" in finished.err


@pytest.mark.parametrize("form", REFUSED)
@pytest.mark.parametrize("names", READERS_OF_FASTA, ids=ids)
def test_sequences_that_are_no_fasta_are_one_line_naming_them(names, prepared, tmp_path, form):
    bad = tmp_path / "bad.fa"
    bad.write_text(REFUSED[form](source_of(names, prepared).read_text()))
    words = line(names, prepared, bad)
    finished, found = run_in(tmp_path, words)
    if form == "a name twice" and names in (("build-pwm",), ("background",)):  # names mean nothing to these
        assert (finished.code, finished.err) == (0, "")
        return
    assert (finished.code, finished.err.count("\n"), found) == (1, 1, {}), finished.err
    assert "bad.fa" in finished.err


# ---- names and intervals -----------------------------------------------------------------------


@pytest.mark.parametrize("names", PLACES, ids=ids)
def test_names_of_another_style_are_shown_beside_the_genome_s(names, prepared, small_rows, tmp_path):
    bed, rows = tmp_path / "p.bed", tmp_path / "rows.bed"
    bed.write_text(PEAKS.replace("chr", ""))
    rows.write_text(small_rows.read_text().replace("\nchr", "\n"))
    finished, found = run_in(tmp_path, place_line(names, prepared, prepared.data / "genome.fa", bed, rows))
    told = finished.err or found["out.txt"].decode()
    assert finished.code == 1
    assert "chr1" in told
    assert set(found) <= ({"out.txt"} if names == ("check",) else set())


OUT_OF_PLACE = {"past the end": ("90000000", "90000100"), "negative": ("-5", "95"), "empty": ("50", "50")}


@pytest.mark.parametrize("kind", OUT_OF_PLACE)
@pytest.mark.parametrize("names", PLACES, ids=ids)
def test_an_interval_out_of_place_is_named_with_its_line(names, prepared, small_rows, tmp_path, kind):
    start, end = OUT_OF_PLACE[kind]
    bed, rows = tmp_path / "p.bed", tmp_path / "rows.bed"
    bed.write_text(PEAKS + f"chr1\t{start}\t{end}\n")
    last = small_rows.read_text().splitlines()[-1].split("\t")
    rows.write_text(small_rows.read_text() + "\t".join(["chr1", start, end, *last[3:]]) + "\n")
    words = place_line(names, prepared, prepared.data / "genome.fa", bed, rows)
    finished, found = run_in(tmp_path, words)
    path = rows if str(rows) in words else bed
    told = finished.err or found.get("out.txt", b"").decode()
    assert finished.code == 1
    assert f":{len(path.read_text().splitlines())}" in told
    assert set(found) <= ({"out.txt"} if names == ("check",) else set())


# ---- models and bombs --------------------------------------------------------------------------


class Payload:
    """What a pickle may do when it is loaded."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


@pytest.mark.parametrize("kind", ["cut", "flipped", "pickle", "huge header"])
@pytest.mark.parametrize("names", READERS_OF_MODELS, ids=ids)
@pytest.mark.parametrize("model", ["linear", "dense", "cnn"])
def test_damaged_and_hostile_models_are_one_line(names, model, kind, prepared, small_rows, tmp_path):
    data = bytearray((prepared / f"{model}.safetensors").read_bytes())
    read_model(str(prepared / f"{model}.safetensors"))
    bad, ran = tmp_path / "bad.safetensors", tmp_path / "ran"
    if kind == "cut":
        del data[-7:]
    elif kind == "flipped":
        data[-20] ^= 1
    elif kind == "pickle":
        data = pickle.dumps(Payload(ran))
    else:
        data[:8] = (1 << 62).to_bytes(8, "little")
    bad.write_bytes(data)
    rows = ["--regions", small_rows, "--genome", prepared.data / "genome.fa"]
    words = {
        ("evaluate",): ["--model", bad, *rows],
        ("variants",): [bad, prepared / "calls.vcf", *rows[2:]],
        ("perturb",): [bad, *rows, "--insert", prepared / "reb1.meme"],
        ("show",): [bad],
    }.get(names, [bad, *rows])
    finished, found = run_in(tmp_path, [*names, *words, "-o", output_of(names), "-q"])
    assert (finished.code, finished.err.count("\n"), found) == (1, 1, {}), finished.err
    assert "bad.safetensors: " in finished.err
    assert not ran.exists()


@pytest.mark.parametrize("bias", [3e38, -3e38])
@pytest.mark.parametrize("names", EFFECTS, ids=ids)
def test_outputs_that_are_no_finite_numbers_have_no_effects(names, bias, prepared, small_rows, tmp_path):
    """Differences between infinities would be none, or zero."""
    loaded = read_model(str(prepared / "cnn.safetensors"))
    for name, values in loaded.tensors.items():
        if name.endswith("weight"):
            loaded.tensors[name] = np.full_like(values, np.copysign(1e30, bias))
        elif name.endswith("bias"):
            loaded.tensors[name] = np.full_like(values, abs(bias))
    write_model(str(tmp_path / "huge.safetensors"), loaded)
    rows = ["--regions", small_rows, "--genome", prepared.data / "genome.fa"]
    words = {
        ("variants",): [prepared / "calls.vcf", *rows[2:]],
        ("perturb",): [*rows, "--insert", prepared / "reb1.meme"],
    }.get(names, [*rows, "--shuffles", 1])
    finished, found = run_in(
        tmp_path, [*names, tmp_path / "huge.safetensors", *words, "-o", output_of(names), "-q"]
    )
    assert (finished.code, finished.err.count("\n"), found) == (1, 1, {}), finished.err
    assert any(what in finished.err for what in ("no number", "infinite", "no finite number")), finished.err


@pytest.fixture(scope="module")
def bomb(tmp_path_factory):
    """600 MB in one line, compressed."""
    path = tmp_path_factory.mktemp("bomb") / "bomb.gz"
    with gzip.open(path, "wb", compresslevel=1) as stream:
        for _ in range(600):
            stream.write(b"x" * (1 << 20))
    return path


@pytest.mark.slow
@EVERY
def test_a_line_that_unpacks_to_600_megabytes_takes_bounded_memory(names, prepared, bomb, tmp_path):
    ended = finish(line(names, prepared, bomb), tmp_path, Setting(more_memory=400 << 20))
    assert ended.is_one_line(), ended
    assert "bomb.gz" in ended.err
    assert contents(tmp_path / "work") == {}
