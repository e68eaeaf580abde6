"""From noisy tracks to deep ones: train --target-track, predict, evaluate and show."""

import hashlib
import json
import re

import click
import numpy as np
import pyBigWig
import pytest
import torch
from scipy.ndimage import gaussian_filter1d
from scipy.stats import pearsonr, spearmanr
from sklearn.metrics import r2_score, roc_auc_score

from seqnet.commands._boundary import CommandError
from seqnet.formats.models.model_file import read_model, write_model
from seqnet.genome.signals.smoothing import WIDTHS
from seqnet.genome.splitting.stretches import Stretches
from seqnet.networks.layers import Shape, build_network
from seqnet.networks.model import Model
from seqnet.pipeline.denoising.targets import DENOISING_METRICS
from tests.cli.test_signals import write_track
from tests.conftest import ROOT
from tests.running import run_seqnet

LENGTHS = {"c1": 20_010, "c2": 8000, "c3": 6000}
STEP = 10
LABELS = str(ROOT / "tests" / "fixtures" / "models_0_1_0" / "rows.bed")
SMALL = ("--layers", "conv 4x9, relu, output per_position=true width=11", "--epochs", 30, "--learning-rate", 0.01,
         "--bin", STEP, "--window", 100, "--valid-chroms", "c2", "--test-chroms", "c3", "-t", 1, "-q")  # fmt: skip


@pytest.fixture(scope="module")
def given(tmp_path_factory):
    """A deep track of bumps, its peaks, and a noisy track of a twenty-fifth of the depth."""
    folder = tmp_path_factory.mktemp("denoising")
    generator = np.random.default_rng(11)
    deep, noisy, peaks = {}, {}, []
    for name, n in LENGTHS.items():
        rate = np.full(n, 2.0)
        for centre in range(150, n - 150, 300):
            middle = centre + int(generator.integers(-60, 60))
            height = float(generator.gamma(2, 6))
            rate[middle - 60 : middle + 60] += height * np.hanning(120)
            if height > 10:
                peaks.append(f"{name}\t{middle - 40}\t{middle + 40}\n")
        deep[name] = generator.poisson(rate).astype(np.float32)
        noisy[name] = generator.binomial(deep[name].astype(int), 0.04).astype(np.float32)
    write_track(folder / "deep.bw", deep, LENGTHS)
    write_track(folder / "noisy.bw", noisy, LENGTHS)
    (folder / "peaks.bed").write_text("".join(peaks))
    return folder, deep, noisy


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path_factory):
    """No cache of a user's."""
    monkeypatch.setenv("SEQNET_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))


def train(inside, folder, out, *options, small=SMALL):
    inside("train", "cnn", "--signal", folder / "noisy.bw", "--target-track", folder / "deep.bw", *options, *small,
           "-o", out)  # fmt: skip
    return read_model(str(out))


def trained_apart(given, output, kind, options):
    """Train a model of the deep track and its peaks in a process of its own; return its path and messages."""
    folder, _, _ = given
    out = output / "m.safetensors"
    finished = run_seqnet(
        "train", kind, "--signal", folder / "noisy.bw", "--target-track", folder / "deep.bw",
        "--target-peaks", folder / "peaks.bed", *options, "-o", out,
    )  # fmt: skip
    assert finished.code == 0, finished.err
    return out, finished.err


@pytest.fixture(scope="module")
def with_peaks(given, tmp_path_factory):
    """A model of the deep track and its peaks."""
    path, messages = trained_apart(given, tmp_path_factory.mktemp("model"), "cnn", SMALL[:-1])
    number = r"-?[0-9.e+-]+"
    for name in ("deep", "deep: noisy as it is"):
        figures = rf"Pearson {number}, MSE {number} \(asinh scale: Pearson {number}, MSE {number}\)"
        assert re.search(rf"valid: {name}: {figures}\n", messages)
    return path


def binned(values):
    """Means of bins of one contig, plainly."""
    return np.array([values[i : i + STEP].astype(float).mean() for i in range(0, len(values), STEP)])


def scaled(values, spec):
    return (np.arcsinh(values) - spec["center"]) * spec["factor"]


def outputs(model, noisy, contig):
    """The network's outputs along a whole contig at once, (bins, T)."""
    values = scaled(binned(noisy[contig]), model.input["signals"][0])
    network = build_network(model.header["architecture"], Shape(1, len(values)), len(model.tasks)).eval()
    network.load_state_dict({name: torch.from_numpy(np.array(t)) for name, t in model.tensors.items()})
    return network(torch.from_numpy(values).float()[None, None, None]).detach().numpy()[0].T


def in_units(model, noisy, contig, limits=None):
    """The denoised track of a contig, (bins,)."""
    spec = model.header["outputs"][0]
    values = np.sinh(outputs(model, noisy, contig)[:, 0].astype(float) / spec["factor"] + spec["center"])
    least, largest = spec["range"]
    return np.clip(values, *(limits or (min(0, 1.5 * least), max(0, 1.5 * largest))))


def simple_estimates(deep, noisy, contig):
    """The input as it is, and scaled and smoothed as fits c2 best, by scipy and numpy."""
    column, truth, shallow = binned(noisy["c2"]), binned(deep["c2"]), binned(noisy[contig])
    yield "deep: noisy as it is", shallow
    yield "deep: noisy scaled", shallow * np.linalg.lstsq(column[:, None], truth, rcond=None)[0]
    fits = []
    for width in WIDTHS[1:]:
        smooth = gaussian_filter1d(column, width, mode="constant", truncate=4.0)
        scale, error, *_ = np.linalg.lstsq(smooth[:, None], truth, rcond=None)
        fits.append((error[0], width, scale[0]))
    _, width, scale = min(fits)
    yield "deep: noisy smoothed", scale * gaussian_filter1d(shallow, width, mode="constant", truncate=4.0)


def test_constants_are_those_of_the_training_contigs(given, with_peaks):
    _, deep, noisy = given
    model = read_model(str(with_peaks))
    for spec, track in ((model.input["signals"][0], noisy), (model.header["outputs"][0], deep)):
        values = np.arcsinh(binned(track["c1"]))
        assert spec["center"] == pytest.approx(values.mean(), rel=1e-5)
        assert spec["factor"] == pytest.approx(1 / values.max(), rel=1e-5)
        assert spec["transform"] == "asinh"
    assert (model.tasks, model.input["bin"], model.input["type"]) == (("deep", "peaks"), STEP, "signals")
    assert model.header["splits"]["test"] == {"rows": 6, "contigs": ["c3"]}
    trained = binned(deep["c1"])
    assert model.header["outputs"][0]["range"] == pytest.approx([trained.min(), trained.max()])
    metrics = {row["task"]: row for row in model.header["metrics"]}
    truth = binned(deep["c2"])
    # only outputs within reach of the contig's ends may differ from those of a whole pass
    for name, values in (("deep", in_units(model, noisy, "c2")), *simple_estimates(deep, noisy, "c2")):
        near = 5e-3 if name == "deep" else 1e-5
        assert list(metrics[name]) == ["task", "n", *DENOISING_METRICS]
        for prefix, scale in (("", np.array), ("asinh_", np.arcsinh)):
            one, other = scale(values), scale(truth)
            figures = {"pearson": pearsonr(one, other).statistic, "mse": ((one - other) ** 2).mean(),
                       "r2": r2_score(other, one)}  # fmt: skip
            for metric, value in figures.items():
                assert metrics[name][prefix + metric] == pytest.approx(value, rel=10 * near, abs=near)
    assert metrics["deep"]["pearson"] > metrics["deep: noisy as it is"]["pearson"] + 0.03
    log = (with_peaks.parent / "m.metrics.tsv").read_text().splitlines()
    assert log[0].split("\t")[3:7] == ["valid_asinh_pearson", "valid_asinh_r2", "valid_auroc", "valid_auprc"]


def test_predictions_are_one_whole_pass_in_the_deep_track_s_units(given, with_peaks, inside, tmp_path):
    folder, _, noisy = given
    for threads in (1, 2):
        inside("predict", with_peaks, "--signal", folder / "noisy.bw", "-t", threads, "-q",
               "-o", tmp_path / f"{threads}.{{task}}.bw")  # fmt: skip
    model = read_model(str(with_peaks))
    for contig, length in LENGTHS.items():
        expected = {"deep": in_units(model, noisy, contig),
                    "peaks": 1 / (1 + np.exp(-outputs(model, noisy, contig)[:, 1]))}  # fmt: skip
        for task, column in expected.items():
            with pyBigWig.open(str(tmp_path / f"1.{task}.bw")) as track:
                values = track.values(contig, 0, length, numpy=True)
            assert values == pytest.approx(np.repeat(column, STEP)[:length], rel=1e-4, abs=1e-4)
    for task in ("deep", "peaks"):
        assert (tmp_path / f"1.{task}.bw").read_bytes() == (tmp_path / f"2.{task}.bw").read_bytes()
    inside(
        "predict",
        with_peaks,
        "--signal",
        folder / "noisy.bw",
        "--chroms",
        "c3",
        "-q",
        "-o",
        tmp_path / "{task}.bg",
    )
    last = (tmp_path / "deep.bg").read_text().splitlines()[-1].split("\t")
    assert last[:3] == ["c3", "5990", "6000"]


def test_evaluation_sets_the_input_beside(given, with_peaks, inside, tmp_path):
    folder, deep, noisy = given
    inside("evaluate", "--model", with_peaks, "--signal", folder / "noisy.bw", "--target-track", folder / "deep.bw",
           "--peaks", folder / "peaks.bed", "-t", 1, "--json", tmp_path / "e.json", "--report", tmp_path / "e.html",
           "-o", tmp_path / "e.tsv")  # fmt: skip
    lines = [line.split("\t") for line in (tmp_path / "e.tsv").read_text().splitlines()]
    rows = {line[0]: dict(zip(lines[0], line, strict=True)) for line in lines[1:]}
    assert list(rows) == ["deep", "deep: noisy as it is", "deep: noisy scaled", "deep: noisy smoothed"]
    model = read_model(str(with_peaks))
    truth = binned(deep["c3"])
    middles = np.arange(0, LENGTHS["c3"], STEP) + STEP // 2
    peaks = np.zeros(len(middles), bool)
    for line in (folder / "peaks.bed").read_text().splitlines():
        contig, start, end = line.split("\t")
        peaks |= (contig == "c3") & (middles >= int(start)) & (middles < int(end))
    every = np.ones(len(truth), bool)
    for name, values in (("deep", in_units(model, noisy, "c3")), *simple_estimates(deep, noisy, "c3")):
        for prefix, rows_in, scale in (
            ("", every, np.array),
            ("peak_", peaks, np.array),
            ("asinh_", every, np.arcsinh),
        ):
            one, other = scale(values[rows_in]), scale(truth[rows_in])
            expected = {"pearson": pearsonr(one, other).statistic, "mse": ((one - other) ** 2).mean()}
            if prefix != "asinh_":  # ranks are those of the track's units
                expected |= {"n": len(one), "spearman": spearmanr(one, other).statistic}
            for metric, value in expected.items():
                assert float(rows[name][prefix + metric]) == pytest.approx(value, rel=2e-4), (
                    name,
                    prefix + metric,
                )
    assert float(rows["deep"]["pearson"]) > float(rows["deep: noisy as it is"]["pearson"]) + 0.03
    content = json.loads((tmp_path / "e.json").read_text())
    assert (content["split"], content["rows"], content["task_type"]) == ("test", 600, "regression")
    assert content["units"] == "means of bins"
    assert content["baselines"][0]["name"] == "noisy as it is"
    assert list(content["baselines"][0]["difference"]) == ["pearson", "spearman", "mse", "asinh_pearson"]
    assert content["intervals"]["block_size"] == 100  # 6000 bases in 60 blocks
    drawn = content["baselines"][2]["difference"]["mse"]
    assert drawn["interval"][0] < drawn["value"] < drawn["interval"][1]
    page = (tmp_path / "e.html").read_text()
    for text in ("noisy as it is", "Pearson, asinh scale", "Pearson, peaks", "prediction (means of bins)",
                 "prediction (asinh)"):  # fmt: skip
        assert text in page
    # the peaks are learnt too
    assert roc_auc_score(peaks, outputs(model, noisy, "c3")[:, 1]) > 0.85


def test_intervals_are_those_of_blocks_of_bins(given, by_default, inside, tmp_path):
    folder, deep, noisy = given
    inside("evaluate", "--model", by_default, "--signal", folder / "noisy.bw", "--target-track", folder / "deep.bw",
           "--block-size", 150, "--seed", 4, "-t", 1, "--json", tmp_path / "e.json", "-o", tmp_path / "e.tsv")  # fmt: skip
    content = json.loads((tmp_path / "e.json").read_text())
    blocks = np.arange(600) * STEP // 150
    counts = np.random.default_rng(4).multinomial(40, np.full(40, 1 / 40), size=200)
    shallow, truth = binned(noisy["c3"]), binned(deep["c3"])
    figures = [pearsonr(np.repeat(shallow, n), np.repeat(truth, n)).statistic for n in counts[:, blocks]]
    lines = [line.split("\t") for line in (tmp_path / "e.tsv").read_text().splitlines()]
    row = dict(zip(lines[0], lines[2], strict=True))
    assert row["task"] == "deep: noisy as it is"
    low, high = np.quantile(figures, [0.025, 0.975])
    assert [float(row["pearson_low"]), float(row["pearson_high"])] == pytest.approx([low, high], rel=1e-4)
    assert (content["intervals"]["blocks"], content["intervals"]["block_size"]) == (40, 150)
    inside("evaluate", "--model", by_default, "--signal", folder / "noisy.bw", "--target-track", folder / "deep.bw",
           "--intervals", "none", "-t", 1, "--json", tmp_path / "e.json", "-o", tmp_path / "e.tsv")  # fmt: skip
    assert json.loads((tmp_path / "e.json").read_text())["intervals"]["blocks"] is None


def test_without_peaks_and_contigs_of_one_s_own_choice(given, inside, tmp_path, capsys):
    folder, _, _ = given
    out = tmp_path / "m.safetensors"
    small = tuple(option for option in SMALL if option not in ("--valid-chroms", "c2", "--test-chroms", "c3"))
    model = train(inside, folder, out, "--chroms", "c1,c2", "--valid-fraction", 0.3, small=small)
    assert model.tasks == ("deep",)
    assert sorted(name for part in model.header["splits"].values() for name in part["contigs"])[0] == "c1"
    assert model.header["options"]["batch-size"] == 8192 // 100
    with pytest.raises(CommandError, match="the model held out no whole contigs as test"):
        inside(
            "evaluate", "--model", out, "--signal", folder / "noisy.bw", "--target-track", folder / "deep.bw"
        )
    inside("evaluate", "--model", out, "--signal", folder / "noisy.bw", "--target-track", folder / "deep.bw",
           "--chroms", "c3", "-t", 1, "-o", tmp_path / "e.tsv")  # fmt: skip
    assert "600 rows" in capsys.readouterr().err
    columns = (tmp_path / "e.tsv").read_text().split("\n")[0].split("\t")
    assert not [name for name in columns if name.startswith("peak")]  # no peaks were given
    inside("show", out, "-o", tmp_path / "shown")
    facts = dict(line.split("\t")[:2] for line in (tmp_path / "shown").read_text().splitlines()[:20])
    assert facts["bases per bin"] == str(STEP)
    assert facts["output deep"].startswith("asinh, minus ")
    assert facts["output deep"].endswith("at most {:g}".format(1.5 * model.header["outputs"][0]["range"][1]))


def exploding(model, path, times, **changes):
    """Write a model whose outputs are far too large."""
    tensors = dict(model.tensors)
    name = [name for name in tensors if name.endswith("weight")][-1]
    tensors[name] = np.array(tensors[name]) * times
    header = {**model.header, "outputs": [{**model.header["outputs"][0], **changes}]}
    if changes:
        del header["outputs"][0]["range"]
    written = Model(header, tensors)
    write_model(str(path), written)
    return written


def test_tracks_that_explode_are_bounded_counted_and_judged_as_they_are_written(
    given, with_peaks, inside, tmp_path, capsys
):
    folder, deep, noisy = given
    model = exploding(read_model(str(with_peaks)), tmp_path / "m.safetensors", 12)
    free = in_units(model, noisy, "c3", (-np.inf, np.inf))
    largest = binned(deep["c1"]).max()
    above, below = int((free > 1.5 * largest).sum()), int((free < 0).sum())
    assert min(above, below) > 5
    where = ("--signal", folder / "noisy.bw", "--chroms", "c3", "-t", 1)
    inside("predict", tmp_path / "m.safetensors", *where, "-o", tmp_path / "{task}.bw")
    said = capsys.readouterr().err
    assert f"warning: deep: {above} of 600 bins were above " in said
    assert f"predict: deep: {below} of 600 bins were below 0 and are set to it" in said
    with pyBigWig.open(str(tmp_path / "deep.bw")) as track:
        values = track.values("c3", 0, 6000, numpy=True)[::STEP]
    assert values.max() <= 1.5 * largest
    assert values.min() == 0
    assert values == pytest.approx(in_units(model, noisy, "c3"), rel=1e-4, abs=1e-4)
    inside("evaluate", "--model", tmp_path / "m.safetensors", *where, "--target-track", folder / "deep.bw",
           "-o", tmp_path / "e.tsv")  # fmt: skip
    said = capsys.readouterr().err
    assert f"warning: deep: {above} of 600 bins were above " in said
    assert "warning: deep: noisy as it is has Pearson " in said
    assert "warning: deep: noisy smoothed has MSE " in said
    head, row = (line.split("\t") for line in (tmp_path / "e.tsv").read_text().splitlines()[:2])
    found = float(dict(zip(head, row, strict=True))["pearson"])
    assert found == pytest.approx(pearsonr(values, binned(deep["c3"])).statistic, rel=1e-3)


def test_a_model_that_keeps_no_range_is_not_bounded_and_shows_what_its_figures_are(
    given, with_peaks, inside, tmp_path, capsys
):
    folder, _, noisy = given
    model = exploding(read_model(str(with_peaks)), tmp_path / "old.safetensors", 3, name="deep")
    inside("predict", tmp_path / "old.safetensors", "--signal", folder / "noisy.bw", "--chroms", "c3", "-t", 1,
           "-o", tmp_path / "{task}.bw")  # fmt: skip
    assert "bins were" not in capsys.readouterr().err
    values = outputs(model, noisy, "c3")[:, 0].astype(float)
    spec = model.header["outputs"][0]
    with pyBigWig.open(str(tmp_path / "deep.bw")) as track:
        found = track.values("c3", 0, 6000, numpy=True)[::STEP]
    assert found == pytest.approx(np.sinh(values / spec["factor"] + spec["center"]), rel=1e-4, abs=1e-4)
    inside("show", tmp_path / "old.safetensors", "-o", tmp_path / "shown")
    assert "asinh_pearson\tasinh_r2\tscaled_asinh_mse" in (tmp_path / "shown").read_text()


def test_fractions_hold_out_stretches_whose_bins_are_judged(given, inside, tmp_path, capsys):
    folder, _, _ = given
    out = tmp_path / "m.safetensors"
    small = tuple(option for option in SMALL if option not in ("--valid-chroms", "c2", "--test-chroms", "c3"))
    model = train(inside, folder, out, "--chroms", "c1", "--valid-fraction", 0.2, "--test-fraction", 0.2,
                  "--split-blocks", 2500, "--epochs", 2, small=small)  # fmt: skip
    stored = Stretches.restored(model.header["stretches"])
    # stretches are whole windows of 100 bins: two of them, where three do not fit
    assert all(start % 2000 == 0 for part in stored.held.values() for start in part.start.tolist())
    test = stored.held["test"]
    kept = np.zeros(LENGTHS["c1"], dtype=bool)
    for start, end in zip(test.start, test.end, strict=True):
        kept[start:end] = True
    judge = ("evaluate", "--model", out, "--signal", folder / "noisy.bw", "--target-track", folder / "deep.bw", "-t", 1,
             "--json", tmp_path / "e.json", "-o", tmp_path / "e.tsv")  # fmt: skip
    for options, bins in (((), 0), (("--chroms", "c1"), 0), (("--chroms", "c1,c3"), 600)):
        inside(*judge, *options)
        content = json.loads((tmp_path / "e.json").read_text())
        assert (content["split"], content["rows"]) == ("test", kept.reshape(-1, STEP)[:, 0].sum() + bins)
        assert not [text for text in content["warnings"] if "noisy smoothed" not in text]  # two epochs
    capsys.readouterr()
    inside(*judge, "--chroms", "c1", "--split", "all")
    assert (
        "bins of c1 are evaluated, where the model was trained: the figures are too good"
        in capsys.readouterr().err
    )
    with pytest.raises((CommandError, click.UsageError), match="--split-blocks 900 is less than a window"):
        train(inside, folder, out, "--valid-fraction", 0.2, "--split-blocks", 900, small=small)


def test_a_run_goes_on_to_the_same_bytes(given, inside, tmp_path):
    folder, deep, _ = given
    kept = ("--checkpoint-dir", tmp_path / "run", "--checkpoint-every", 40)
    train(inside, folder, tmp_path / "m.safetensors", *kept)
    whole = hashlib.sha256((tmp_path / "m.safetensors").read_bytes()).hexdigest()
    max((tmp_path / "run").glob("checkpoint-*")).unlink()
    (tmp_path / "m.safetensors").unlink()
    train(inside, folder, tmp_path / "m.safetensors", *kept, "--resume")
    assert hashlib.sha256((tmp_path / "m.safetensors").read_bytes()).hexdigest() == whole
    changed = tmp_path / "deep.bw"
    write_track(changed, {name: values + 1 for name, values in deep.items()}, LENGTHS)
    with pytest.raises(CommandError, match="inputs"):
        inside("train", "cnn", "--signal", folder / "noisy.bw", "--target-track", changed, *SMALL, *kept, "--resume",
               "-o", tmp_path / "m.safetensors")  # fmt: skip


def test_dry_run_of_the_presets(given, seqnet_ok):
    folder, _, _ = given
    for preset, window in (("coda", 1050), ("atacworks", 5880)):
        rows = seqnet_ok("train", "cnn", "--signal", folder / "noisy.bw", "--target-track", folder / "deep.bw",
                         "--preset", preset, "--valid-fraction", 0.5, "--bin", 1, "--dry-run").rows  # fmt: skip
        assert rows[1][:3] == ["input", "1", str(2 * window)]


DEFAULT = ("--epochs", 30, "--bin", STEP, "--valid-chroms", "c2", "--test-chroms", "c3", "-t", 1, "-q")


@pytest.fixture(scope="module")
def by_default(given, tmp_path_factory):
    """A model of the default network, with peaks."""
    return trained_apart(given, tmp_path_factory.mktemp("default"), "denoise", DEFAULT[:-1])[0]


def test_the_default_network_learns_in_units_and_its_constants_are_the_means(given, by_default):
    _, deep, noisy = given
    model = read_model(str(by_default))
    assert model.header["options"]["preset"] == "denoise"
    assert model.header["architecture"][-1]["logit"]  # of the peaks
    for spec, track in ((model.input["signals"][0], noisy), (model.header["outputs"][0], deep)):
        assert (spec["transform"], spec["center"], spec["ceiling"]) == ("none", 0, None)
        assert spec["factor"] == pytest.approx(1 / binned(track["c1"]).mean(), rel=1e-5)
    log = (by_default.parent / "m.metrics.tsv").read_text().splitlines()[0].split("\t")
    assert log[3:7] == ["valid_pearson", "valid_r2", "valid_auroc", "valid_auprc"]
    metrics = {row["task"]: row for row in model.header["metrics"]}
    assert metrics["deep"]["pearson"] > metrics["deep: noisy smoothed"]["pearson"]
    assert metrics["deep"]["mse"] < min(
        row["mse"] for name, row in metrics.items() if name.startswith("deep: ")
    )


def test_the_default_network_predicts_one_whole_pass_within_its_bounds(given, by_default, inside, tmp_path):
    folder, _, noisy = given
    inside(
        "predict", by_default, "--signal", folder / "noisy.bw", "-t", 1, "-q", "-o", tmp_path / "{task}.bw"
    )
    model = read_model(str(by_default))
    (signal,), (output,) = model.input["signals"], model.header["outputs"]
    for contig, length in LENGTHS.items():
        values = torch.from_numpy(binned(noisy[contig]) * signal["factor"]).float()
        network = build_network(model.header["architecture"], Shape(1, len(values)), 2).eval()
        network.load_state_dict({name: torch.from_numpy(np.array(t)) for name, t in model.tensors.items()})
        rates, logits = network(values[None, None, None]).detach().numpy()[0]
        expected = {"deep": rates / output["factor"], "peaks": 1 / (1 + np.exp(-logits.astype(float)))}
        for task, column in expected.items():
            with pyBigWig.open(str(tmp_path / f"{task}.bw")) as track:
                found = track.values(contig, 0, length, numpy=True)
            assert found == pytest.approx(np.repeat(column, STEP)[:length], rel=1e-4, abs=1e-4)
        assert 0 < rates.min() / output["factor"] < rates.max() / output["factor"] < 1.5 * output["range"][1]


def test_the_default_network_goes_on_to_the_same_bytes(given, inside, tmp_path):
    folder, _, _ = given
    run = ("train", "denoise", "--signal", folder / "noisy.bw", "--target-track", folder / "deep.bw", *DEFAULT,
           "--checkpoint-dir", tmp_path / "run", "--checkpoint-every", 1, "-o", tmp_path / "m.safetensors")  # fmt: skip
    inside(*run)
    whole = (tmp_path / "m.safetensors").read_bytes()
    max((tmp_path / "run").glob("checkpoint-*")).unlink()
    (tmp_path / "m.safetensors").unlink()
    inside(*run, "--resume")
    assert (tmp_path / "m.safetensors").read_bytes() == whole


def test_the_default_network_takes_the_mean_of_several_inputs(given, inside, tmp_path):
    folder, deep, noisy = given
    thinned = {
        name: np.random.default_rng(5).binomial(values.astype(int), 0.1) for name, values in deep.items()
    }
    write_track(tmp_path / "other.bw", {n: v.astype(np.float32) for n, v in thinned.items()}, LENGTHS)
    inside("train", "denoise", "--signal", folder / "noisy.bw", "--signal", tmp_path / "other.bw",
           "--target-track", folder / "deep.bw", *DEFAULT, "-o", tmp_path / "m.safetensors")  # fmt: skip
    inside("evaluate", "--model", tmp_path / "m.safetensors", "--signal", folder / "noisy.bw",
           "--signal", tmp_path / "other.bw", "--target-track", folder / "deep.bw", "-t", 1,
           "--json", tmp_path / "e.json", "-o", tmp_path / "e.tsv")  # fmt: skip
    content = json.loads((tmp_path / "e.json").read_text())
    rows = {one["name"]: one["metrics"][0] for one in content["baselines"]}
    assert list(rows) == [
        "noisy as it is", "other as it is", "noisy scaled", "noisy smoothed", "other scaled", "other smoothed",
        "mean of inputs scaled", "mean of inputs smoothed",
    ]  # fmt: skip
    levels = [binned(track["c2"]).mean() for track in (noisy, thinned)]
    mean = {c: sum(binned(track[c]) / level / 2 for track, level in zip((noisy, thinned), levels, strict=True))
            for c in ("c2", "c3")}  # fmt: skip
    scale = np.linalg.lstsq(mean["c2"][:, None], binned(deep["c2"]), rcond=None)[0]
    error = ((scale * mean["c3"] - binned(deep["c3"])) ** 2).mean()
    assert rows["mean of inputs scaled"]["mse"] == pytest.approx(error, rel=1e-4)
    assert content["metrics"][0]["mse"] < rows["other smoothed"]["mse"]


def test_reversed_tracks_of_two_strands_give_the_reversed_tracks_of_the_other(given, inside, tmp_path):
    _, deep, _ = given
    lengths = {"c1": 20_000, "c2": 8000, "c3": 6000}  # whole bins
    generator = np.random.default_rng(8)
    deep = {n: np.stack([deep[n][:m], np.roll(deep[n], 40)[:m] / 2]) for n, m in lengths.items()}
    shallow = {n: generator.binomial(both.astype(int), 0.1) for n, both in deep.items()}
    files = {}
    for kind, both in (("deep", deep), ("shallow", shallow)):
        for way in ("forward", "reversed"):
            for number, strand in enumerate(("plus", "minus")):
                chosen = {n: v[number] if way == "forward" else v[1 - number, ::-1] for n, v in both.items()}
                files[kind, way, strand] = tmp_path / f"{kind}.{way}.{strand}.bw"
                write_track(files[kind, way, strand], {n: np.float32(v) for n, v in chosen.items()}, lengths)
    inside("train", "denoise", *(part for strand in ("plus", "minus") for part in (
           "--signal", f"{strand}={files['shallow', 'forward', strand]}",
           "--target-track", f"{strand}={files['deep', 'forward', strand]}")),
           "--strand-pair", "plus,minus", *DEFAULT, "--epochs", 8, "-o", tmp_path / "m.safetensors")  # fmt: skip
    model = read_model(str(tmp_path / "m.safetensors"))
    assert [one["partner"] for one in model.input["signals"]] == [1, 0]
    assert [one["partner"] for one in model.header["outputs"]] == [1, 0]
    limit = 1.5 * min(one["range"][1] for one in model.header["outputs"])  # each track has its own
    for way in ("forward", "reversed"):
        inside("predict", tmp_path / "m.safetensors", *(part for strand in ("plus", "minus") for part in (
               "--signal", f"{strand}={files['shallow', way, strand]}")), "-t", 1, "-q",
               "-o", tmp_path / f"{way}.{{task}}.bw")  # fmt: skip
    for contig, length in lengths.items():
        for strand, other in (("plus", "minus"), ("minus", "plus")):
            tracks = []
            for path in (f"forward.{strand}.bw", f"reversed.{other}.bw"):
                with pyBigWig.open(str(tmp_path / path)) as track:
                    tracks.append(np.minimum(track.values(contig, 0, length, numpy=True), limit))
            np.testing.assert_allclose(tracks[1][::-1], tracks[0], rtol=1e-4)


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (("--strand-pair", "noisy,deep"), 2, "expected two names of --signal (noisy) or of --target-track (deep)"),
        (("--strand-pair", "noisy,deep", "--preset", "coda"), 2, "expected two names"),
        (("--signal-scale", "z"), 2, "are not for an output of smoothers, which reads tracks divided by their means"),
        (("--prior-bias",), 2, "--prior-bias is not for an output of smoothers"),
        (("--target-track", "{f}/below.bw"), 1, "below: has values below 0, down to -"),
    ],
)  # fmt: skip
def test_what_the_default_network_cannot_do_says_why(given, inside, tmp_path, options, code, message):
    folder, deep, _ = given
    write_track(folder / "below.bw", {name: values - 5 for name, values in deep.items()}, LENGTHS)
    filled = [option.replace("{f}", str(folder)) for option in options]
    refused(code, message, lambda: inside(
        "train", "denoise", "--signal", folder / "noisy.bw", "--target-track", folder / "deep.bw", *DEFAULT, *filled,
        "-o", tmp_path / "m.safetensors",
    ))  # fmt: skip
    assert not (tmp_path / "m.safetensors").exists()


def refused(code, message, work):
    """The work ends with an error of this exit code and message."""
    with pytest.raises((CommandError, click.ClickException)) as caught:
        work()
    assert message in str(caught.value)
    assert (caught.value.code if isinstance(caught.value, CommandError) else caught.value.exit_code) == code


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (["--target-track", "none.bw"], 1, "none.bw: no such file"),
        (["--target-track", "{f}/peaks.bed"], 1, "peaks.bed"),
        (["--target-track", "{f}/short.bw"], 1, "short.bw: has no c3; it has c1, c2"),
        (["--target-track", "{f}/deep.bw", "--target-peaks", "{f}/far.bed"], 1, "which the track does not have"),
        (["--target-track", "{f}/deep.bw", "--preset", "basset"], 2, "the output has no positions"),
        (["--target-track", "{f}/deep.bw", "--regions", "r.bed"], 2, "--regions does not go with --target-track"),
        (["--target-track", "{f}/deep.bw", "--jitter", "3"], 2, "--jitter does not go with --target-track"),
        (["--target-track", "{f}/deep.bw", "--valid-chroms", "c2", "--test-fraction", "0.1"], 2, "not by both"),
        (["--target-track", "{f}/deep.bw", "--valid-chroms", "c1,c2,c3"], 1, "no train windows"),
        (["--target-track", "{f}/deep.bw", "--monitor", "auroc"], 2, "--monitor auroc is not for denoising"),
        (["--target-track", "{f}/deep.bw", "--chroms", "chr9"], 1, "chr9"),
        (["--bin", "10"], 2, "--bin goes with --target-track"),
        (["--target-track", "{f}/deep.bw", "--init-motifs", "m.meme"], 2, "there are no bases"),
        (["--target-track", "peaks={f}/deep.bw", "--target-peaks", "{f}/peaks.bed"], 2, "give it another name"),
    ],
)  # fmt: skip
def test_what_cannot_be_denoised_says_why(given, inside, tmp_path, options, code, message):
    folder, deep, _ = given
    write_track(
        folder / "short.bw", {n: deep[n] for n in ("c1", "c2")}, {n: LENGTHS[n] for n in ("c1", "c2")}
    )
    (folder / "far.bed").write_text("chr9\t1\t2\n")
    filled = [option.replace("{f}", str(folder)) for option in options]
    small = () if "--preset" in filled else SMALL[:2]
    refused(code, message, lambda: inside(
        "train", "cnn", "--signal", folder / "noisy.bw", *small, "--epochs", 1, "-t", 1, "-q", *filled,
        "-o", tmp_path / "m.safetensors",
    ))  # fmt: skip
    assert not (tmp_path / "m.safetensors").exists()


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (["predict", "{m}", "--signal", "{f}/noisy.bw"], 2, "give -o NAME.bw"),
        (["predict", "{m}", "--signal", "{f}/noisy.bw", "-o", "x.bw"], 2, "put '{task}' in the output's name"),
        (["predict", "{m}", "--signal", "{f}/noisy.bw", "--prior", "0.1", "-o", "x.bw"], 2, "--prior does not go with"),
        (["predict", "{m}", "--signal", "{f}/deep.bw", "-o", "{task}.bw"], 1, "the model expects the signal tracks noisy"),
        (["predict", "{m}", "--signal", "{f}/noisy.bw", "--tile", "5", "-o", "{task}.bw"], 2, "denoises whole tracks"),
        (["evaluate", "--model", "{m}", "--signal", "{f}/noisy.bw", "--regions", "{labels}"], 2, "evaluate it by --target-track"),
        (["evaluate", "--model", "{m}", "--target-track", "{f}/deep.bw"], 2, "--target-track goes with one --model and --signal"),
        (["evaluate", "--model", "{m}", "--signal", "{f}/noisy.bw", "--target-track", "{f}/deep.bw", "--labels", "x"],
         2, "--labels does not go with --target-track"),
        (["evaluate", "--model", "{m}", "--signal", "{f}/noisy.bw", "--target-track", "d={f}/deep.bw"], 1,
         "the model makes the tracks deep (--target-track NAME=BIGWIG); found d"),
    ],
)  # fmt: skip
def test_wrong_ways_to_use_a_denoising_model(given, with_peaks, inside, options, code, message):
    folder, _, _ = given
    filled = [
        option.replace("{f}", str(folder)).replace("{m}", str(with_peaks)).replace("{labels}", LABELS)
        for option in options
    ]
    refused(code, message, lambda: inside(*filled))
