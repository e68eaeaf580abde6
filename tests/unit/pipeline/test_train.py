"""``seqnet.train_linear``, ``train_dense``, ``train_cnn`` and ``train_denoise`` from Python."""

import inspect
import json
from pathlib import Path

import numpy as np
import pyBigWig
import pytest
import torch

import seqnet
from seqnet.cli import seqnet as group
from seqnet.errors import UsageError
from seqnet.formats.models.model_file import read_model
from seqnet.pipeline.denoising.request import TrainDenoiseRequest
from seqnet.pipeline.training.request import TrainCnnRequest, TrainDenseRequest, TrainLinearRequest
from seqnet.pipeline.training.sources import (
    LabelledFeatures,
    LabelledRegions,
    LabelledTable,
    PositiveSequences,
    signal_files,
)

SMALL = {"layers": "conv 4x5, relu, global_pool max", "epochs": 2, "threads": 1}
DENOISER = {"layers": "conv 2x5, relu, output per_position=true width=5", "epochs": 2, "step": 10, "window": 20,
            "threads": 1, "valid_chroms": ["c2"]}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Positives with a word, negatives without, a table whose target is a line in one count, two tracks."""
    folder = tmp_path_factory.mktemp("train")
    generator = np.random.default_rng(0)
    texts = ["".join(generator.choice(list("ACGT"), 30)) for _ in range(120)]
    (folder / "pos.fa").write_text(
        "".join(f">p{i}\n{t[:12]}TTACCC{t[12:]}\n" for i, t in enumerate(texts[:60]))
    )
    (folder / "neg.fa").write_text("".join(f">n{i}\n{t}ACGTAC\n" for i, t in enumerate(texts[60:])))
    rows = [f"r{i},{'G' * (i % 9)}{'A' * (9 - i % 9)},{3 * (i % 9) + 2},{'valid' if i % 4 == 0 else 'train'}"
            for i in range(72)]  # fmt: skip
    (folder / "line.csv").write_text("\n".join(["id,seq,y,split", *rows]) + "\n")
    deep = {
        "c1": 2 + 5 * (np.sin(np.arange(4000) / 50) > 0.5),
        "c2": np.full(2000, 3.0) + np.arange(2000) % 7,
    }
    for name, scale in (("deep", 1.0), ("shallow", 0.25)):
        with pyBigWig.open(str(folder / f"{name}.bw"), "w") as track:
            track.addHeader([(contig, len(values)) for contig, values in deep.items()])
            for contig, values in deep.items():
                track.addEntries(contig, 0, values=(values * scale).astype(float).tolist(), span=1, step=1)
    return folder


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path_factory):
    """No cache of a user's."""
    monkeypatch.setenv("SEQNET_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))


def command_line(inside, *args):
    inside("train", *args, "-t", 1, "-q")
    return read_model(str(args[-1]))


@pytest.fixture
def inside(monkeypatch):
    """Run ``seqnet ARGS`` in this process."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        monkeypatch.setenv(name, "1")  # so that it is put back
    return lambda *args: group.main([*map(str, args)], prog_name="seqnet", standalone_mode=False)


def same(one, other):
    """Return whether two models are equal, header and tensors."""
    headers = [json.loads(json.dumps(model.header)) for model in (one, other)]
    for header in headers:
        header.pop("schema_version", None)  # which files have
    assert headers[0] == headers[1]
    assert sorted(one.tensors) == sorted(other.tensors)
    return all(np.array_equal(one.tensors[name], other.tensors[name]) for name in one.tensors)


def bound(folder):
    return {"positives": folder / "pos.fa", "negatives": folder / "neg.fa"}


def test_a_linear_model_finds_the_line_that_the_targets_follow(folder, capfd):
    result = seqnet.train_linear(
        table=folder / "line.csv", sequence_column="seq", target_columns=["y"], split_column="split", k=[1],
        normalize="counts", strands="forward", strength=0, on_leak="warn", threads=1,
    )  # fmt: skip
    assert result.counts == {"train": 54, "valid": 18, "test": 0}
    assert result.metrics[0]["r2"] == pytest.approx(1)  # y = 3 G + 2
    assert result.history[0]["task"] == "y"
    assert result.history[0]["valid_loss"] == pytest.approx(0, abs=1e-9)
    assert result.model.tasks == ("y",)
    assert result.layers == ()
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("kind", ["linear", "dense", "cnn"])
def test_the_model_is_that_of_the_command_and_nothing_is_printed(folder, tmp_path, inside, capfd, kind):
    options = {"linear": {"k": [3], "loss": "hinge"}, "dense": {"k": [3], "hidden": [4], "epochs": 2},
               "cnn": {**SMALL, "kmer_term": True, "baselines": True}}[kind]  # fmt: skip
    flags = {"linear": ("-k", 3, "--loss", "hinge"), "dense": ("-k", 3, "--hidden", 4, "--epochs", 2),
             "cnn": ("--layers", SMALL["layers"], "--epochs", 2, "--kmer-term", "--baselines")}[kind]  # fmt: skip
    data = {**bound(folder), "valid_fraction": 0.2, "seed": 3}
    function = getattr(seqnet, f"train_{kind}")
    result = function(**data, **{**options, "threads": 1})
    assert list(tmp_path.iterdir()) == []  # neither a model nor anything with it
    written = function(**data, **{**options, "threads": 1}, output=tmp_path / "python.safetensors")
    assert capfd.readouterr() == ("", "")
    model = command_line(
        inside, kind, "--positives", folder / "pos.fa", "--negatives", folder / "neg.fa", "--valid-fraction", 0.2,
        "--seed", 3, *flags, "-o", tmp_path / "shell.safetensors",
    )  # fmt: skip
    assert same(result.model, model)
    assert same(written.model, model)
    for suffix in (".safetensors", ".metrics.tsv", ".json"):
        assert (tmp_path / f"python{suffix}").read_bytes() == (tmp_path / f"shell{suffix}").read_bytes()
    heading, *rows = (tmp_path / "shell.metrics.tsv").read_text().splitlines()
    assert [list(row) for row in result.history] == [heading.split("\t")] * len(rows)
    assert list(result.metrics) == model.header["metrics"]
    assert sum(result.counts.values()) == 120
    assert {name: list(rows) for name, rows in result.baselines.items()} == model.header.get("baselines", {})
    assert bool(result.baselines) == (kind == "cnn")


def test_denoising_has_a_function_a_command_and_the_older_spelling(folder, tmp_path, inside, capfd):
    result = seqnet.train_denoise(
        signals=folder / "shallow.bw", target_tracks={"deep": folder / "deep.bw"}, **DENOISER
    )
    assert capfd.readouterr() == ("", "")
    assert [row["task"] for row in result.metrics] == ["deep"] + [
        f"deep: shallow {name}" for name in ("as it is", "scaled", "smoothed")
    ]
    assert result.counts == {"train": 20, "valid": 10, "test": 0}
    assert len(result.history) == 2
    flags = ("--signal", folder / "shallow.bw", "--target-track", folder / "deep.bw", "--layers", DENOISER["layers"],
             "--epochs", 2, "--bin", 10, "--window", 20, "--valid-chroms", "c2")  # fmt: skip
    models = [
        command_line(inside, name, *flags, "-o", tmp_path / f"{name}.safetensors")
        for name in ("denoise", "cnn")
    ]
    assert same(result.model, models[0])
    for suffix in (".safetensors", ".metrics.tsv", ".json", ".curve.svg"):
        assert (tmp_path / f"denoise{suffix}").read_bytes() == (tmp_path / f"cnn{suffix}").read_bytes()


@pytest.mark.parametrize("suffix", ["svg", "png", "pdf"])
def test_the_suffix_of_plot_picks_the_format_of_the_curve(folder, tmp_path, suffix):
    plot, start = tmp_path / f"c.{suffix}", {"svg": b"<?xml", "png": b"\x89PNG", "pdf": b"%PDF"}[suffix]
    sources = {"positives": folder / "pos.fa", "negatives": str(folder / "neg.fa"), **SMALL}
    seqnet.train_cnn(**sources, output=tmp_path / "m.safetensors", plot=plot)
    assert plot.read_bytes().startswith(start)


def test_a_plot_of_another_suffix_is_an_error_before_the_work(folder, tmp_path):
    plot = tmp_path / "c.txt"
    with pytest.raises(UsageError, match=r"c\.txt: pictures are \.svg, \.png or \.pdf"):
        seqnet.train_cnn(
            positives=folder / "missing.fa", negatives="shuffle", output=tmp_path / "m.safetensors", plot=plot
        )
    assert not plot.exists()


def test_a_dry_run_returns_the_layers_and_trains_nothing(folder, tmp_path, capfd):
    result = seqnet.train_cnn(**bound(folder), **SMALL, dry_run=True)
    assert result.model is None
    assert [row.layer for row in result.layers][:2] == ["input", "conv 4x5"]
    assert result.layers[-1].parameters == (4 * 4 * 5 + 4) + (4 + 1)  # convolution, output
    assert len(result.layer_lines()) == len(result.layers) + 1
    result = seqnet.train_denoise(
        signals=[f"noisy={folder / 'shallow.bw'}"], target_tracks=folder / "deep.bw", **DENOISER, dry_run=True
    )
    assert result.layers[0].length == 20 + 8  # a window and what its outputs see: two widths of 5
    assert capfd.readouterr() == ("", "")


def test_the_default_network_tapers_only_windows_of_a_genome(folder, tmp_path):
    (tmp_path / "g.fa").write_text(">c1\n" + "ACGTTGCAAC" * 40 + "\n")
    rows = [
        f"c1\t{8 * i}\t{8 * i + 60}\tr{i}\t0\t+\t{'valid' if i > 20 else 'train'}\t{i % 2}\n"
        for i in range(40)
    ]
    (tmp_path / "r.bed").write_text("#chrom\tstart\tend\tname\tscore\tstrand\tsplit\tbound\n" + "".join(rows))
    windows = {"regions": tmp_path / "r.bed", "genome": tmp_path / "g.fa", "on_leak": "warn"}

    def text(**sources):
        layers = seqnet.train_cnn(**sources, epochs=1, threads=1, dry_run=True).layers
        return ", ".join(row.layer for row in layers)

    assert "taper" in text(**windows)
    assert "taper" not in text(**bound(folder))
    assert "taper" in text(**bound(folder), layers="conv 4x5, relu, taper, global_pool max")


def test_torch_has_its_threads_back_afterwards(folder):
    before = torch.get_num_threads()
    seqnet.train_cnn(**bound(folder), **{**SMALL, "threads": before + 1, "dry_run": True})
    assert torch.get_num_threads() == before


def test_a_run_is_resumed_to_the_same_model(folder, tmp_path):
    data = {**bound(folder), **SMALL, "checkpoint_dir": tmp_path / "kept", "checkpoint_every": (1, None)}
    first = seqnet.train_cnn(**data)
    second = seqnet.train_cnn(**data, resume=True)
    assert same(first.model, second.model)
    assert first.history == second.history


@pytest.mark.parametrize(
    ("request_type", "fields", "message"),
    [
        (TrainLinearRequest, {}, "give one of --regions, --sequences, .* found none of them"),
        (TrainCnnRequest, {"regions": "r", "positives": "p"}, "found --regions and --positives"),
        (TrainLinearRequest, {"features": "k.npz"}, "--features needs --labels"),
        (TrainCnnRequest, {"regions": "r"}, "--regions needs --genome"),
        (TrainCnnRequest, {"positives": "p", "negatives": "n", "labels": "l"}, "--labels does not go with --positives"),
        (TrainCnnRequest, {"positives": "p", "negatives": "n", "signals": "x.bw"}, "--signal needs --regions"),
        (TrainLinearRequest, {"features": "k", "labels": "l", "patterns": ["01"]}, "pattern '01': expected 1s and 0s"),
        (TrainLinearRequest, {"features": "k", "labels": "l", "task_type": "binary", "loss": "mse"}, "--loss mse is not"),
        (TrainLinearRequest, {"features": "k", "labels": "l", "task_type": "binary", "strength": 0}, "--strength 0"),
        (TrainDenseRequest, {"features": "k", "labels": "l", "hidden": [8], "layers": "relu"}, "--hidden and --layers"),
        (TrainDenseRequest, {"features": "k", "labels": "l", "baseline_motifs": "m"}, "--baseline-motifs needs"),
        (TrainDenseRequest, {"features": "k", "labels": "l", "warmup": 3}, "one-cycle has its own warm-up"),
        (TrainDenseRequest, {"features": "k", "labels": "l", "optimiser_options": {"rho": 1}}, "adamw has beta1"),
        (TrainDenseRequest, {"features": "k", "labels": "l", "resume": True}, "--resume needs --checkpoint-dir"),
        (TrainDenseRequest, {"features": "k", "labels": "l", "metrics": "log.tsv"}, "--metrics needs -o"),
        (TrainCnnRequest, {"regions": "r", "signals": "x.bw", "signal_clip": {"y": 0.9}}, "no track is named 'y'"),
        (TrainCnnRequest, {"regions": "r", "signals": ["x.bw", "a/x.bw"]}, "two tracks are named 'x'"),
        (TrainCnnRequest, {"regions": "r", "signals": "x.bw", "task_type": "counts", "balance": True}, "are for binary"),
        (TrainDenoiseRequest, {"target_tracks": "x.bw"}, "--target-track needs --signal"),
        (TrainDenoiseRequest, {"signals": "x.bw"}, "--signal needs --target-track"),
        (TrainDenoiseRequest, {"signals": "x.bw", "target_tracks": "y.bw", "monitor": "auroc"}, "not for denoising"),
        (
            TrainDenoiseRequest,
            {"signals": "x.bw", "target_tracks": "peaks.bw", "target_peaks": "p.bed"},
            "'peaks' is what --target-peaks are called",
        ),
    ],
)  # fmt: skip
def test_fields_that_contradict_each_other_are_refused_at_once(request_type, fields, message):
    with pytest.raises(UsageError, match=message):
        request_type(**fields)


def test_the_rows_of_a_request_are_a_type_of_their_own():
    assert TrainLinearRequest(features="k", labels="l").source == LabelledFeatures("k", "l")
    assert isinstance(TrainDenseRequest(regions="r", genome="g").source, LabelledRegions)
    assert isinstance(TrainCnnRequest(positives="p", negatives="n").source, PositiveSequences)
    table = TrainCnnRequest(table="t", sequence_column="s", target_columns=["y"]).source
    assert isinstance(table, LabelledTable)
    assert table.target_columns == ["y"]


def test_tracks_are_named_by_a_mapping_by_text_or_after_their_files():
    assert signal_files({"a": Path("x.bw")}) == (("a", "x.bw"),)
    assert signal_files(["a=x.bw", Path("d/y.bw")]) == (("a", "x.bw"), ("y", "d/y.bw"))
    assert signal_files("x.bw") == (("x", "x.bw"),)
    request = TrainCnnRequest(regions="r", signals="x.bw", signal_clip=0.9, signal_scale={"x": "max"})
    assert (request.track_fit.signal_clip, request.track_fit.signal_scale) == ({"": 0.9}, {"x": "max"})


@pytest.mark.parametrize("name", ["train_linear", "train_dense", "train_cnn", "train_denoise"])
def test_the_arguments_are_given_by_name(name):
    parameters = inspect.signature(getattr(seqnet, name)).parameters.values()
    assert {parameter.kind for parameter in parameters} == {inspect.Parameter.KEYWORD_ONLY}
