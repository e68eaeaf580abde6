"""predict: its ways, formats and policies, in this process where the output is a file."""

from dataclasses import replace

import numpy as np
import pyBigWig
import pytest

from seqnet.commands._boundary import CommandError
from seqnet.errors import Terminated
from seqnet.formats.models.model_file import read_model, write_model
from seqnet.formats.regions.bed import read_bed
from seqnet.inference import tiles as tiles_module
from seqnet.kernels import _dispatch
from seqnet.networks.model import Model
from seqnet.pipeline.prediction import tiles as _predict_tiles
from tests.unit.inference.test_tiles import PADDED, UNPADDED, network_model

CONTIGS = {"c1": 4000, "c2": 90, "c3": 6001}
TASKS = ("A", "B/b", "..")
TOLERANCE = {"rtol": 0, "atol": 1e-6}
_EMPTY = {"rows": 0, "contigs": []}


def stored(path, model, **changes):
    """Write a model as training would."""
    header = {
        "kind": "cnn", "genome": {}, "base_rates": {"A": 0.5, "B/b": 0.25, "..": 0.125}, "task_type": "binary",
        "splits": {"train": {"rows": 5, "contigs": ["c1"]}, **dict.fromkeys(("valid", "test"), _EMPTY)}, **changes,
    }  # fmt: skip
    write_model(str(path), Model({**model.header, **header}, model.tensors))


@pytest.fixture
def at(tmp_path):
    """A genome with N runs, regions, and models of both kinds of trunk."""
    generator = np.random.default_rng(3)
    with (tmp_path / "g.fa").open("w") as stream:
        for name, length in CONTIGS.items():
            letters = generator.choice(list("ACGT"), length)
            letters[length // 2 : length // 2 + 120] = "N"
            stream.write(f">{name}\n{''.join(letters)}\n")
    for name, layers in (("padded", PADDED), ("unpadded", UNPADDED)):
        stored(tmp_path / f"{name}.safetensors", network_model(layers, 60, tasks=TASKS))
    return tmp_path


def windows_bed(folder, step):
    """Write the windows of all tiles that lie inside their contigs; return their tiles' starts."""
    rows = []
    for name, length in CONTIGS.items():
        for start in range(0, length, step):
            begin = start + step // 2 - 30
            if begin >= 0 and begin + 60 <= length:
                rows.append((name, start, begin))
    lines = (f"{name}\t{begin}\t{begin + 60}\t{name}:{start}\t.\t.\ttest\n" for name, start, begin in rows)
    (folder / "w.bed").write_text("#chrom\tstart\tend\tname\tscore\tstrand\tsplit\n" + "".join(lines))


def table(path):
    """Place to values of a BED of tiles."""
    found = read_bed(str(path))
    return dict(
        zip(
            zip(found.intervals.contig_names(), found.intervals.start.tolist(), strict=True),
            found.targets,
            strict=True,
        )
    )


@pytest.mark.parametrize("step", [12, 25])
@pytest.mark.parametrize("kind", ["padded", "unpadded"])
def test_tiles_equal_regions_in_every_format(at, inside, kind, step):
    windows_bed(at, step)
    model, genome = at / f"{kind}.safetensors", ("--genome", at / "g.fa")
    inside("predict", model, "--regions", at / "w.bed", *genome, "-o", at / "w.out.bed")
    for name in ("t.bed", "t.{task}.bw", "t.{task}.bedGraph", "t.tsv.gz"):
        inside("predict", model, *genome, "--tile", step, "-q", "-o", at / name)
    windows, tiles = read_bed(str(at / "w.out.bed")), table(at / "t.bed")
    assert windows.splits.tolist() == ["test"] * len(windows)
    assert windows.tasks == TASKS
    checked = 0
    for name, values in zip(windows.names, windows.targets, strict=True):
        contig, start = name.split(":")
        if (contig, int(start)) in tiles:
            np.testing.assert_allclose(tiles[contig, int(start)], values, **TOLERANCE)
            checked += 1
    assert len(windows) * 0.9 < checked < len(windows)  # some windows are mostly N
    for number, task in enumerate(("A", "B_b", "_")):
        with pyBigWig.open(str(at / f"t.{task}.bw")) as track:
            rows = [(name, *interval) for name in CONTIGS for interval in track.intervals(name) or ()]
        graph = [line.split() for line in (at / f"t.{task}.bedGraph").read_text().splitlines()]
        assert [(n, int(a), int(b), np.float32(v)) for n, a, b, v in graph] == [
            (n, a, b, np.float32(v)) for n, a, b, v in rows
        ]
        assert {(n, a): np.float32(v) for n, a, _, v in rows} == {
            k: np.float32(v[number]) for k, v in tiles.items()
        }


@pytest.mark.parametrize("output", ["t.bed", "t.{task}.bw"])
def test_threads_and_a_run_that_was_cut_off_change_no_byte(at, inside, monkeypatch, output):
    monkeypatch.setattr(tiles_module, "_BASES", 4900)  # c1 and c2 are predicted together, c3 in two chunks
    arguments = ("predict", at / "padded.safetensors", "--genome", at / "g.fa", "--tile", 7, "-q")
    bytes_of = lambda folder: {path.name: path.read_bytes() for path in sorted((at / folder).iterdir())}  # noqa: E731
    for folder, threads in (("one", 1), ("two", 2)):
        (at / folder).mkdir()
        inside(*arguments, "-t", threads, "-o", at / folder / output)
    assert bytes_of("one") == bytes_of("two")
    chunks = _predict_tiles._Run.chunks

    def failing(self, names, bar):
        if names == ["c3"]:
            raise Terminated
        return chunks(self, names, bar)

    (at / "cut").mkdir()
    resumed = (*arguments, "--resume", "--work-dir", at / "parts", "-o", at / "cut" / output)
    monkeypatch.setattr(_predict_tiles._Run, "chunks", failing)
    with pytest.raises(Terminated):
        inside(*resumed)
    assert sorted(path.name for path in (at / "parts").iterdir()) == ["0.f32", "1.f32", "parts.json"]
    assert bytes_of("cut") == {}
    monkeypatch.setattr(_predict_tiles._Run, "chunks", chunks)
    with pytest.raises(CommandError, match=r"holds parts of another run: prior was None and is 0\.1"):
        inside(*resumed, "--prior", 0.1)
    asked = []
    monkeypatch.setattr(
        _predict_tiles._Run,
        "chunks",
        lambda self, names, bar: asked.append(names) or chunks(self, names, bar),
    )
    inside(*resumed)
    assert asked == [["c3"]]
    assert bytes_of("cut") == bytes_of("one")
    assert not (at / "parts").exists()


def test_a_prior_moves_logits_by_the_base_rates(at, inside):
    windows_bed(at, 500)
    for name, more in (("a", ()), ("b", ("--prior", 0.01))):
        inside("predict", at / "padded.safetensors", "--regions", at / "w.bed", "--genome", at / "g.fa", *more,
               "-o", at / f"{name}.bed")  # fmt: skip
    plain, moved = (read_bed(str(at / f"{name}.bed")) for name in "ab")
    odds = lambda p: p / (1 - p)  # noqa: E731
    ratio = odds(0.01) / odds(np.array([0.5, 0.25, 0.125]))
    np.testing.assert_allclose(odds(moved.targets), odds(plain.targets) * ratio, rtol=1e-4)
    assert moved.header["prior"] == "0.01"
    assert moved.header["training-base-rates"] == "A:0.5,B/b:0.25,..:0.125"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"task_type": "regression"}, "the model's tasks are regression"),
        ({"base_rates": {}}, "the model states no base rate of A between 0 and 1"),
        ({"base_rates": {"A": 0.5, "B/b": 1.0, "..": 0.5}}, "no base rate of B/b between"),
    ],
)
def test_what_a_prior_needs(at, inside, changes, message):
    stored(at / "m.safetensors", network_model(UNPADDED, 60, tasks=TASKS), **changes)
    with pytest.raises(CommandError, match=message):
        inside(
            "predict",
            at / "m.safetensors",
            "--genome",
            at / "g.fa",
            "--tile",
            99,
            "--prior",
            0.1,
            "-o",
            at / "x.bed",
        )


def with_bias(at, value):
    """A model one of whose tasks predicts nothing finite."""
    model = read_model(str(at / "unpadded.safetensors"))
    tensors = {name: np.array(tensor) for name, tensor in model.tensors.items()}
    last = max((name for name in tensors if name.endswith("bias")), key=lambda name: int(name.split(".")[0]))
    tensors[last][1] = value
    write_model(str(at / "bad.safetensors"), Model({**model.header, "task_type": "regression"}, tensors))
    return at / "bad.safetensors"


@pytest.mark.parametrize(("value", "what"), [(np.nan, "no number"), (np.inf, "infinite")])
def test_predictions_that_are_no_numbers(at, inside, capsys, value, what):
    model, windows = with_bias(at, value), ("--regions", at / "w.bed")
    windows_bed(at, 500)
    (at / "s.fa").write_text(">s1\n" + "ACGT" * 15 + "\n")
    genome = ("--genome", at / "g.fa")
    for way, place in (
        ((*genome, "--tile", 100, "-o", at / "t.{task}.bw"), r"c1:0-100"),
        ((*genome, *windows, "-o", at / "r.bed"), r"c1:220-280"),
        ((at / "s.fa", "-o", at / "s.tsv"), "s1"),
    ):
        with pytest.raises(CommandError, match=rf"the prediction of B/b at {place} is {what}; --missing gap"):
            inside("predict", model, *way)
    assert not list(at.glob("t.*"))
    assert not (at / "r.bed").exists()
    inside("predict", model, *genome, "--tile", 100, "--missing", "gap", "-o", at / "t.bed")
    inside("predict", model, *genome, *windows, "--missing", "gap", "-o", at / "r.bed")
    assert "predictions are no finite numbers and were left out" in capsys.readouterr().err
    for name in ("t.bed", "r.bed"):
        targets = read_bed(str(at / name)).targets
        assert len(targets)
        assert np.isnan(targets[:, 1]).all()
        assert np.isfinite(targets[:, [0, 2]]).all()
    with pytest.raises(CommandError, match=r"t\.B_b\.bw: there is no value to write"):
        inside("predict", model, *genome, "--tile", 100, "--missing", "gap", "-o", at / "t.{task}.bw")


def test_sequences_of_other_lengths_are_fitted_around_their_centre(at, run):
    middle = "ACGTTGCAAC" * 6
    fasta = ">whole\n{0}\n>long\nGGG{0}TTTT\n>short\n{1}\n>padded\nNNNN{1}NNNNN\n".format(
        middle, middle[4:55]
    )
    finished = run("predict", at / "padded.safetensors", "-", "--no-header", stdin=fasta.encode())
    assert finished.code == 0, finished.err
    values = {row[0]: np.array(row[1:], dtype=float) for row in finished.rows}
    # rows of a batch may round apart; a small probability has the relative error that its logit has at all
    np.testing.assert_allclose(values["whole"], values["long"], rtol=1e-5)
    np.testing.assert_allclose(values["short"], values["padded"], rtol=1e-5)
    assert np.abs(values["whole"] - values["short"]).max() > 1e-3
    assert (
        "the model reads 60 bases: 1 longer sequences cropped around their centre, 1 shorter ones padded"
        in finished.err
    )


def test_a_kmer_model_reads_sequences_of_any_length_and_tiles(prepared, inside, tmp_path):
    (tmp_path / "s.fa").write_text(">a\n" + "ACGTA" * 7 + "\n>b\n" + "TTACCCGGA" * 40 + "\n")
    inside("kmer-featurize", tmp_path / "s.fa", "-k", 4, "-q", "-o", tmp_path / "k.npz")
    linear = prepared / "linear.safetensors"
    inside("predict", linear, tmp_path / "s.fa", "--no-header", "-q", "-o", tmp_path / "a.tsv")
    inside("predict", linear, "--features", tmp_path / "k.npz", "--no-header", "-q", "-o", tmp_path / "b.tsv")
    assert (tmp_path / "a.tsv").read_bytes() == (tmp_path / "b.tsv").read_bytes()
    tasks = ("CTCF", "GATA1", "REB1")
    genome, chosen = ("--genome", prepared.data / "genome.fa"), ("--chroms", "chr4")
    rows = "".join(f"chr4\t{start + 1950}\t{start + 2050}\n" for start in range(0, 112_000, 4000))
    (tmp_path / "w.bed").write_text(rows)
    inside("predict", linear, *genome, "--regions", tmp_path / "w.bed", "-q", "-o", tmp_path / "w.out.bed")
    inside("predict", linear, *genome, *chosen, "--tile", 4000, "-q", "-o", tmp_path / "t.bed")
    windows, tiles = (read_bed(str(tmp_path / name)) for name in ("w.out.bed", "t.bed"))
    assert windows.tasks == tiles.tasks == tasks
    np.testing.assert_allclose(tiles.targets[: len(windows)], windows.targets, **TOLERANCE)


@pytest.mark.parametrize(("how", "rows"), [("skip", 1), ("clip", 2)])
def test_regions_past_an_end_by_choice(at, inside, capsys, how, rows):
    (at / "r.bed").write_text("c1\t100\t160\nc1\t3960\t4020\n")
    arguments = ("predict", at / "padded.safetensors", "--regions", at / "r.bed", "--genome", at / "g.fa")
    with pytest.raises(CommandError, match="passes the end of c1"):
        inside(*arguments, "-o", at / "o.bed")
    inside(*arguments, "--on-bad", how, "-o", at / "o.bed")
    assert len(read_bed(str(at / "o.bed"))) == rows
    assert {"skip": "1 regions outside", "clip": "1 shorter ones padded"}[how] in capsys.readouterr().err


def test_max_n_and_what_is_said(at, inside, capsys):
    counts = []
    for share in (0, 0.5, 1):
        inside("predict", at / "unpadded.safetensors", "--genome", at / "g.fa", "--tile", 12, "--max-n", share, "-v",
               "-o", at / "t.bed")  # fmt: skip
        counts.append(len(table(at / "t.bed")))
    total = sum(-(-length // 12) for length in CONTIGS.values())
    assert counts[0] < counts[1] < counts[2] == total
    err = capsys.readouterr().err
    by_words = _dispatch.compiled() is not None  # with the pool and the relu behind it
    assert f"windows share {'4 of 8' if by_words else '7 of 11'} layers, in 1 phase: about " in err
    assert ("convolutions of 5 by words" in err) == by_words
    left_out = f"{total - counts[1]} left out: too little of their window is known (--max-n)"
    assert f"{counts[1]} tiles, {left_out}" in err
    assert "1 of 3 contigs were trained on" in err


@pytest.mark.parametrize("tile", [120, 180, 181, 6001, 6002, 12100, 12200])
@pytest.mark.parametrize("share", [0, 0.5, 1])
def test_tiles_are_an_error_exactly_where_none_has_a_prediction(at, run, tile, share):
    lengths = {"c2": 90, "c3": 6001} if tile > 200 else {"c2": 90}
    (at / "clear.fa").write_text(
        "".join(f">{name}\n{'ACGTT' * 2000}"[: 4 + n] + "\n" for name, n in lengths.items())
    )
    known = [
        min(start + 60, length) - max(start, 0)
        for length in lengths.values()
        for start in range(tile // 2 - 30, length + tile // 2 - 30, tile)
    ]
    predicted = sum(max(bases, 0) >= 60 - share * 60 for bases in known)
    finished = run(
        "predict", at / "unpadded.safetensors", "--genome", at / "clear.fa", "--tile", tile, "--max-n", share, "-q",
    )  # fmt: skip
    if predicted:
        assert finished.code == 0, finished.err
        assert len([line for line in finished.text.splitlines() if line[0] != "#"]) == predicted
    else:
        assert (finished.code, finished.out, finished.err.count("\n")) == (1, b"", 1)
        longest = max(lengths.values())
        assert (
            f"clear.fa: no tile can be predicted: the longest contig, c{2 + (tile > 200)}, has {longest}"
            in (finished.err)
        )
        assert finished.err.endswith(f"bases; expected --tile of at most {longest}, not {tile}\n")


@pytest.mark.parametrize("output", ["o.bed", "{task}.bw", "{task}.bedgraph", "o.tsv.gz"])
@pytest.mark.parametrize("more", [(), ("--resume",)])
def test_tiles_without_a_prediction_leave_nothing_behind(at, run, output, more):
    before = set(at.iterdir())
    finished = run(
        "predict", at / "padded.safetensors", "--genome", at / "g.fa", "--chroms", "c1", "--tile", 8100,
        "-o", at / output, *more,
    )  # fmt: skip
    assert finished.code == 1
    assert finished.err == (
        f"seqnet predict: error: {at / 'g.fa'}: no tile can be predicted: the longest contig, c1, has 4000 bases; "
        "expected --tile of at most 4000, not 8100\n"
    )
    assert set(at.iterdir()) - before <= {at / "g.fa.fai"}


def test_only_the_chosen_contigs_count(at, run):
    line = ("predict", at / "padded.safetensors", "--genome", at / "g.fa", "--tile", 5000, "-q")
    rows = [row.split("\t")[:3] for row in run(*line, "--header", "none").text.splitlines()]
    assert rows == [["c1", "0", "4000"], ["c3", "0", "5000"]]
    finished = run(*line, "--chroms", "c2")
    assert (finished.code, finished.out) == (1, b"")
    assert "the longest contig, c2, has 90 bases; expected --tile of at most 90, not 5000" in finished.err


@pytest.mark.parametrize(
    ("letters", "options", "message"),
    [
        ("ACGTT" * 5, ("--tile", 5), "has 25 bases; a window of 60 bases needs 30 that are known (--max-n 0.5)"),
        ("ACGTT" * 11, ("--tile", 5, "--max-n", 0), "has 55 bases; a window of 60 bases needs 60 that are known"),
        ("N" * 500, ("--tile", 5), "more than 0.5 of every window is N or outside its contig (--max-n)"),
        ("ACGTT" * 13, ("--tile", 40, "--max-n", 0), "more than 0 of every window is N or outside its contig"),
    ],
)  # fmt: skip
def test_contigs_that_are_too_short_for_the_model_or_n_are_an_error(at, run, letters, options, message):
    (at / "short.fa").write_text(f">a\n{letters}\n>b\nAC\n")
    finished = run("predict", at / "unpadded.safetensors", "--genome", at / "short.fa", *options)
    assert (finished.code, finished.out, finished.err.count("\n")) == (1, b"", 1)
    assert "short.fa: no tile can be predicted: " in finished.err
    assert message in finished.err


def test_what_is_refused(at, inside):
    genome = ("--genome", at / "g.fa", "--tile", 50)
    model = read_model(str(at / "padded.safetensors"))
    write_model(
        str(at / "two.safetensors"), replace(model, header={**model.header, "tasks": ["a/b", "a_b", "c"]})
    )
    for arguments, message in (
        (
            (at / "two.safetensors", *genome, "-o", at / "{task}.bw"),
            "the tracks of two tasks would be written to",
        ),
        (
            (at / "padded.safetensors", *genome, "--precision", "bf16", "-o", at / "x.bed"),
            "--precision bf16: ",
        ),
        (
            (at / "padded.safetensors", *genome, "--resume", "--work-dir", at, "-o", at / "x.bed"),
            "holds other files",
        ),
        ((at / "padded.safetensors", at / "g.fa", "-o", at / "none" / "x.tsv"), "no such file"),
    ):
        if message.startswith("--precision") and native():
            continue
        with pytest.raises(CommandError, match=message):
            inside("predict", *arguments)


def native():
    import torch

    from seqnet.inference.precision import native_bf16

    return native_bf16(torch.device("cpu"))
