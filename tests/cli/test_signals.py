"""Signal tracks beside the sequence: train, predict, evaluate and show as their users call them."""

import hashlib
import json

import click
import numpy as np
import pyBigWig
import pytest
import torch

from seqnet.commands._boundary import CommandError
from seqnet.formats.models.model_file import read_model
from seqnet.formats.regions.bed import read_bed
from seqnet.formats.sequences.fasta import read_genome
from seqnet.networks.layers import Shape, build_network

LENGTHS = {"c1": 6000, "c2": 5000, "c3": 3000, "c4": 3000}
WIDTH = 60
SMALL = ("--layers", "conv 8x9, relu, global_pool max_average", "--epochs", 6, "--learning-rate", 0.02,
         "--batch-size", 32, "-t", 1, "-q")  # fmt: skip


def write_track(path, values, lengths=LENGTHS):
    """A bigWig with a value at every base, gaps where it is NaN."""
    with pyBigWig.open(str(path), "w") as track:
        track.addHeader(list(lengths.items()))
        for name, column in values.items():
            there = np.flatnonzero(~np.isnan(column))
            if len(there):
                track.addEntries(
                    name, there.tolist(), values=column[there].astype(float).tolist(), span=1
                )  # runs of single bases


@pytest.fixture(scope="module")
def given(tmp_path_factory):
    """A genome without meaning, a track `s` that tells the classes apart, and two strands."""
    folder = tmp_path_factory.mktemp("signals")
    generator = np.random.default_rng(3)
    texts = {name: "".join(generator.choice(list("ACGT"), n)) for name, n in LENGTHS.items()}
    (folder / "g.fa").write_text("".join(f">{name}\n{text}\n" for name, text in texts.items()))
    tracks = {
        key: {name: generator.gamma(1, 2, n).astype(np.float32) for name, n in LENGTHS.items()}
        for key in ("s", "plus", "minus")
    }
    rows = ["#chrom\tstart\tend\tname\tscore\tstrand\tsplit\tT"]
    splits = {"c1": "train", "c2": "train", "c3": "valid", "c4": "test"}
    for name, n in LENGTHS.items():
        for number, start in enumerate(range(0, n - WIDTH, 70)):
            bound = int(generator.integers(2))
            if bound:
                tracks["s"][name][start + 15 : start + 45] += 6
            strand = "+-"[number % 2]
            rows.append(f"{name}\t{start}\t{start + WIDTH}\t.\t.\t{strand}\t{splits[name]}\t{bound}")
    (folder / "r.bed").write_text("\n".join(rows) + "\n")
    tracks["s"]["c2"][100:130] = np.nan
    for key, values in tracks.items():
        write_track(folder / f"{key}.bw", values)
    return folder, tracks


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path_factory):
    """No cache of a user's."""
    monkeypatch.setenv("SEQNET_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))


def read(folder, *names):
    return [part for name in names for part in ("--signal", folder / f"{name}.bw")]


def train(inside, folder, out, *options, genome=True, small=SMALL):
    where = ["--genome", folder / "g.fa"] if genome else []
    inside("train", "cnn", "--regions", folder / "r.bed", *where, *options, *small, "-o", out)
    return read_model(str(out))


@pytest.fixture(scope="module")
def paired(given, tmp_path_factory):
    """A model of the sequence, `s` and a pair of strands, trained in a process of its own."""
    from tests.running import run_seqnet

    folder, _ = given
    out = tmp_path_factory.mktemp("paired") / "m.safetensors"
    finished = run_seqnet(
        "train", "cnn", "--regions", folder / "r.bed", "--genome", folder / "g.fa",
        *read(folder, "s", "plus", "minus"), "--strand-pair", "plus,minus", "--signal-clip", 0.9,
        "--signal-scale", "plus=max", "--signal-transform", "minus=log1p", *SMALL, "-o", out,
        env={"SEQNET_CACHE": str(tmp_path_factory.getbasetemp() / "cache")},
    )  # fmt: skip
    assert finished.code == 0, finished.err
    return out


def channels(folder, tracks, specs, contig, start, width, flip):
    """One window as (channels, width), from FASTA and values, plainly."""
    text = read_genome(str(folder / "g.fa")).codes[contig]
    rows = [
        [float(0 <= i < len(text) and text[i] == base) for i in range(start, start + width)]
        for base in range(4)
    ]
    for spec in specs:
        raw = np.nan_to_num(tracks[spec["name"]][contig].astype(np.float64))
        if spec["ceiling"] is not None:
            raw = np.minimum(raw, spec["ceiling"])
        moved = {"asinh": np.arcsinh, "log1p": np.log1p, "none": lambda x: x}[spec["transform"]](raw)
        scaled = (moved - spec["center"]) * spec["factor"]
        rows.append([scaled[i] if 0 <= i < len(scaled) else 0.0 for i in range(start, start + width)])
    window = np.array(rows)
    if flip:
        order = [3, 2, 1, 0, *(4 + spec["partner"] for spec in specs)]
        window = window[order][:, ::-1]
    return window


def expected(model, folder, tracks, places):
    """Probabilities of windows (contig, start), the mean logit of both strands."""
    specs = model.input["signals"]
    network = build_network(model.header["architecture"], Shape(4 + len(specs), WIDTH), 1).eval()
    network.load_state_dict({name: torch.from_numpy(np.array(t)) for name, t in model.tensors.items()})
    logits = 0
    for flip in (False, True):
        batch = np.stack([channels(folder, tracks, specs, c, s, WIDTH, flip) for c, s in places])
        logits = logits + network(torch.from_numpy(batch).float().unsqueeze(2)).detach().numpy() / 2
    return 1 / (1 + np.exp(-logits[:, 0]))


def test_the_constants_are_those_of_the_training_regions(given, paired):
    folder, tracks = given
    model = read_model(str(paired))
    regions = read_bed(str(folder / "r.bed"))
    assert [spec["name"] for spec in model.input["signals"]] == ["s", "plus", "minus"]
    assert [spec["partner"] for spec in model.input["signals"]] == [0, 2, 1]
    covered = {name: np.zeros(n, bool) for name, n in LENGTHS.items()}
    for row in np.flatnonzero(regions.splits == "train"):
        contig = regions.intervals.contigs[regions.intervals.contig[row]]
        covered[contig][regions.intervals.start[row] : regions.intervals.end[row]] = True
    rules = {"s": (np.arcsinh, "z"), "plus": (np.arcsinh, "max"), "minus": (np.log1p, "z")}
    for spec in model.input["signals"]:
        values = np.concatenate([tracks[spec["name"]][name][covered[name]] for name in LENGTHS])
        values = np.nan_to_num(values.astype(np.float64))
        ceiling = np.quantile(values, 0.9)
        transform, scale = rules[spec["name"]]
        moved = transform(np.minimum(values, ceiling))
        assert spec["ceiling"] == pytest.approx(ceiling, rel=1e-6)
        if scale == "z":
            assert (spec["center"], spec["factor"]) == pytest.approx(
                (moved.mean(), 1 / moved.std()), rel=1e-4
            )
            assert spec["mean"] == pytest.approx(0, abs=1e-4)
        else:
            assert (spec["center"], spec["factor"]) == (0, pytest.approx(1 / moved.max(), rel=1e-5))
            assert spec["mean"] == pytest.approx(moved.mean() / moved.max(), rel=1e-4)
    letters = np.concatenate(
        [codes[covered[n]] for n, codes in read_genome(str(folder / "g.fa")).codes.items()]
    )
    share = np.bincount(letters, minlength=4) / len(letters)
    assert model.input["base_means"] == pytest.approx((share + share[::-1]) / 2, abs=1e-6)


def test_regions_are_predicted_as_a_plain_network_does(given, paired, inside, tmp_path):
    folder, tracks = given
    out = tmp_path / "p.bed"
    options = read(folder, "minus", "s", "plus")  # by name, in any order
    inside("predict", paired, "--regions", folder / "r.bed", "--genome", folder / "g.fa", *options, "-o", out)
    predicted = read_bed(str(out))
    where = predicted.intervals
    places = [(where.contigs[c], int(s)) for c, s in zip(where.contig, where.start, strict=True)]
    assert predicted.targets[:, 0] == pytest.approx(
        expected(read_model(str(paired)), folder, tracks, places), abs=2e-6
    )


@pytest.mark.parametrize("step", [1, 25])
def test_tiles_equal_their_windows_at_the_ends_too(given, paired, inside, tmp_path, step):
    folder, tracks = given
    out = tmp_path / "p.bw"
    inside(
        "predict", paired, "--genome", folder / "g.fa", *read(folder, "s", "plus", "minus"), "--tile", step,
        "--chroms", "c3", "--max-n", 1, "-t", 1, "-q", "-o", out,
    )  # fmt: skip
    tiles = [0, 1, 2, 30, 31, (3000 - 1) // step]
    places = [("c3", i * step + step // 2 - WIDTH // 2) for i in tiles]
    with pyBigWig.open(str(out)) as track:
        values = [track.values("c3", i * step, i * step + 1)[0] for i in tiles]
    assert values == pytest.approx(expected(read_model(str(paired)), folder, tracks, places), abs=2e-6)


def test_a_signal_that_tells_the_classes_apart_is_what_ablation_finds(given, inside, tmp_path, capsys):
    folder, _ = given
    model = train(inside, folder, tmp_path / "m.safetensors", *read(folder, "s", "plus"))
    assert model.header["metrics"][0]["auroc"] > 0.97
    for rule in ("mean", "zero"):
        inside(
            "evaluate", "--model", tmp_path / "m.safetensors", "--regions", folder / "r.bed", "--genome",
            folder / "g.fa", *read(folder, "plus", "s"), "--ablate", "--ablate-with", rule,
            "--json", tmp_path / "e.json", "--report", tmp_path / "e.html", "-t", 1, "-o", tmp_path / "e.tsv",
        )  # fmt: skip
        content = json.loads((tmp_path / "e.json").read_text())
        found = {entry["name"]: entry for entry in content["ablations"]}
        assert list(found) == ["sequence", "s", "plus"]
        whole = content["metrics"][0]["auroc"]
        assert whole > 0.95
        assert found["s"]["metrics"][0]["auroc"] < 0.75
        gain = found["s"]["difference"]["auroc"]["value"]
        assert gain == pytest.approx(whole - found["s"]["metrics"][0]["auroc"])
        assert found["sequence"]["metrics"][0]["auroc"] > 0.9
    assert "without s: auROC" in capsys.readouterr().err
    assert "Without an input" in (tmp_path / "e.html").read_text()
    # predictions from the file give the same figures
    inside("predict", tmp_path / "m.safetensors", "--regions", folder / "r.bed", "--genome", folder / "g.fa",
           *read(folder, "s", "plus"), "-o", tmp_path / "p.bed")  # fmt: skip
    inside("evaluate", tmp_path / "p.bed", "--labels", folder / "r.bed", "-o", tmp_path / "f.tsv")
    cells = [(tmp_path / name).read_text().splitlines()[1].split("\t")[:6] for name in ("e.tsv", "f.tsv")]
    assert cells[0] == cells[1]


def test_tracks_alone_and_towers_learn_too(given, inside, tmp_path):
    folder, _ = given
    alone = train(inside, folder, tmp_path / "a.safetensors", *read(folder, "s"), "--jitter", 3, genome=False)
    assert (alone.input["type"], alone.header["genome"]) == ("signals", {})
    assert alone.header["metrics"][0]["auroc"] > 0.97
    inside("predict", tmp_path / "a.safetensors", "--regions", folder / "r.bed", *read(folder, "s"),
           "-o", tmp_path / "p.bed")  # fmt: skip
    inside("predict", tmp_path / "a.safetensors", *read(folder, "s"), "--tile", 20, "--chroms", "c4",
           "-q", "-o", tmp_path / "p.bw")  # fmt: skip
    predicted = read_bed(str(tmp_path / "p.bed"))
    row = int(np.flatnonzero((predicted.splits == "test") & (predicted.intervals.start == 140))[0])
    with pyBigWig.open(str(tmp_path / "p.bw")) as track:  # the window of tile 8 begins at 170 - 30
        assert track.values("c4", 160, 161)[0] == pytest.approx(predicted.targets[row, 0], abs=1e-6)
    towers = train(inside, folder, tmp_path / "t.safetensors", *read(folder, "s"), "--towers")
    assert [row["layer"] for row in towers.header["architecture"]] == ["towers"]
    assert towers.header["metrics"][0]["auroc"] > 0.95
    assert towers.tensors["0.sequence.0.weight"].shape[1] == 4
    assert towers.tensors["0.signal.0.weight"].shape[1] == 1


def test_show_and_dry_run_tell_the_tracks(given, paired, inside, seqnet_ok, tmp_path):
    folder, _ = given
    inside("show", paired, "-o", tmp_path / "shown")
    text = (tmp_path / "shown").read_text()
    facts = dict(line.split("\t")[:2] for line in text.splitlines() if not line.startswith("#"))
    assert facts["signal plus"].startswith("at most ")
    assert facts["signal plus"].endswith(", minus on the other strand")
    assert "log1p" in facts["signal minus"]
    assert "\ninput\t7\t60\t" in text
    described = seqnet_ok(
        "train", "cnn", "--regions", folder / "r.bed", "--genome", folder / "g.fa", *read(folder, "s"), "--length",
        1000, "--preset", "factornet", "--dry-run", env={"SEQNET_CACHE": str(folder / "cache")},
    )  # fmt: skip
    assert described.rows[1][:3] == ["input", "5", "1000"]


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_run_goes_on_to_the_same_bytes_and_refuses_another_track(given, inside, tmp_path):
    folder, tracks = given
    kept = ("--checkpoint-dir", tmp_path / "run", "--checkpoint-every", 4)
    mine = tmp_path / "s.bw"
    write_track(mine, tracks["s"])
    options = ("--signal", f"s={mine}", "--jitter", 2)
    train(inside, folder, tmp_path / "m.safetensors", *options, *kept)
    whole = digest(tmp_path / "m.safetensors")
    newest = max((tmp_path / "run").glob("checkpoint-*"))
    newest.unlink()  # as if it had been killed before
    (tmp_path / "m.safetensors").unlink()
    train(inside, folder, tmp_path / "m.safetensors", *options, *kept, "--resume")
    assert digest(tmp_path / "m.safetensors") == whole
    changed = {name: values + 1 for name, values in tracks["s"].items()}
    write_track(mine, changed)
    with pytest.raises(CommandError, match="inputs"):
        train(inside, folder, tmp_path / "m.safetensors", *options, *kept, "--resume")


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (["--signal", "none.bw"], 1, "none.bw: no such file"),
        (["--signal", "x={f}/r.bed"], 1, "r.bed"),
        (["--signal", "short={f}/short.bw"], 1, "short.bw: c3 has 2900 bases, 3000 in the genome"),
        (["--signal", "few={f}/few.bw"], 1, "few.bw: has no c2; it has c1, c3, c4 (see --signal-missing)"),
        (["--signal", "{f}/s.bw", "--signal-missing", "error"], 1, "s.bw: no value at c2:100"),
        (["--signal", "{f}/s.bw", "--signal", "s={f}/plus.bw"], 2, "two tracks are named 's'"),
        (["--signal", "={f}/s.bw"], 2, "expected NAME=BIGWIG"),
        (["--signal", "{f}/s.bw", "--signal-scale", "t=z"], 2, "no track is named 't'; they are s"),
        (["--signal", "{f}/s.bw", "--signal-scale", "most"], 2, "'most' is none of none, z, max, library"),
        (["--signal", "{f}/s.bw", "--signal-clip", "1.5"], 2, "'1.5' is not in the range 0<x<=1"),
        (["--signal", "{f}/s.bw", "--strand-pair", "s"], 2, "expected two tracks, such as plus,minus"),
        (["--signal", "{f}/s.bw", "--towers", "--layers", "siamese(flatten, dense 2)"], 2,
         "--towers: layer siamese says itself"),
        (["--towers"], 2, "--towers joins sequence and tracks"),
        (["--signal-clip", "0.9"], 2, "--signal-clip goes with --signal"),
        (["--cache-dir", "x"], 2, "--signal-missing and --cache-dir go with --signal"),
    ],
)  # fmt: skip
def test_wrong_tracks_are_refused(given, inside, tmp_path, options, code, message):
    folder, tracks = given
    short = {name: values[:2900] for name, values in tracks["plus"].items()}
    write_track(folder / "short.bw", short, LENGTHS | {"c3": 2900})
    few = {name: values for name, values in tracks["plus"].items() if name != "c2"}
    write_track(folder / "few.bw", few, {name: LENGTHS[name] for name in few})
    filled = [option.replace("{f}", str(folder)) for option in options]
    small = ("--layers", "conv 2x9, relu, global_pool", "--epochs", 1, "-t", 1)
    refused(code, message, lambda: inside(
        "train", "cnn", "--regions", folder / "r.bed", "--genome", folder / "g.fa", *(filled if "--layers" in filled else (*small, *filled)), "-o",
        tmp_path / "m.safetensors",
    ))  # fmt: skip
    assert not (tmp_path / "m.safetensors").exists()


def refused(code, message, work):
    """The work ends with an error of this exit code and message."""
    with pytest.raises((CommandError, click.ClickException)) as caught:
        work()
    assert message in str(caught.value)
    assert (caught.value.code if isinstance(caught.value, CommandError) else caught.value.exit_code) == code


def test_gaps_and_absent_contigs_are_said(given, run, tmp_path):
    folder, tracks = given
    few = {n: v for n, v in tracks["s"].items() if n != "c4"}
    write_track(tmp_path / "few.bw", few, {n: LENGTHS[n] for n in few})
    quiet = SMALL[:-1]
    finished = run("train", "cnn", "--regions", folder / "r.bed", "--genome", folder / "g.fa", "--signal",
                   tmp_path / "few.bw", "--signal-missing", "zero", *quiet, "-o", tmp_path / "m.safetensors",
                   env={"SEQNET_CACHE": str(tmp_path / "cache")})  # fmt: skip
    assert finished.code == 0, finished.err
    assert "few.bw: has no c4; taken as zero" in finished.err
    assert "few.bw: 30 of " in finished.err


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (["--regions", "{f}/r.bed", "--genome", "{f}/g.fa"], 1, "the model expects the signal tracks s, plus, minus"),
        (["--regions", "{f}/r.bed", "--genome", "{f}/g.fa", "--signal", "{f}/s.bw"], 1, "found s"),
        (["{f}/g.fa"], 1, "the model expects the signal tracks"),
        (["{f}/g.fa", "--signal", "{f}/s.bw"], 2, "--signal is for --regions and --tile"),
        (["--regions", "{f}/r.bed", "--signal", "{f}/s.bw", "--signal", "{f}/plus.bw", "--signal", "{f}/minus.bw"],
         2, "the model reads the sequence too: give --genome"),
    ],
)  # fmt: skip
def test_predictions_without_the_model_s_tracks_are_refused(
    given, paired, inside, tmp_path, options, code, message
):
    folder, _ = given
    filled = [option.replace("{f}", str(folder)) for option in options]
    refused(code, message, lambda: inside("predict", paired, *filled, "-o", tmp_path / "p.tsv"))
    assert not (tmp_path / "p.tsv").exists()


def test_a_model_of_sequences_takes_no_tracks(given, prepared, run):
    folder, _ = given
    finished = run("predict", prepared / "cnn.safetensors", "--regions", prepared / "regions.bed", "--genome",
                   prepared.data / "genome.fa", "--signal", folder / "s.bw")  # fmt: skip
    assert (finished.code, finished.out, finished.err.count("\n")) == (1, b"", 1)
    assert "the model expects no signal tracks; found s" in finished.err


def test_a_dense_network_reads_the_means_of_tracks_beside_k_mers(given, inside, tmp_path):
    folder, tracks = given
    out = tmp_path / "d.safetensors"
    inside("train", "dense", "--regions", folder / "r.bed", "--genome", folder / "g.fa", *read(folder, "plus", "s"),
           "--strands", "both", "-k", 2, "--hidden", 8, "--dropout", 0, "--batch-size", 16, "--learning-rate", 0.01, "--epochs", 20, "-t", 1, "-q",
           "-o", out)  # fmt: skip
    model = read_model(str(out))
    assert (model.input["type"], model.input["features"]) == ("kmers", 10 + 2)
    assert model.header["metrics"][0]["auroc"] > 0.95
    regions = read_bed(str(folder / "r.bed"))
    where, train = regions.intervals, regions.splits == "train"
    for column, spec in enumerate(model.input["signals"]):
        means = []
        for contig, start, end in zip(where.contig_names(), where.start, where.end, strict=True):
            raw = np.arcsinh(np.nan_to_num(tracks[spec["name"]][contig][start:end].astype(float)))
            means.append(((raw - spec["center"]) * spec["factor"]).mean())
        mean = np.array(means)[train].mean()
        assert model.tensors["input.mean"][10 + column] == pytest.approx(mean, abs=1e-4)
    options = ("--genome", folder / "g.fa", *read(folder, "s", "plus"), "-t", 1, "-q")
    inside("predict", out, "--regions", folder / "r.bed", *options, "-o", tmp_path / "p.bed")
    inside("predict", out, *options, "--tile", 70, "--chroms", "c4", "-o", tmp_path / "p.bw")
    inside("evaluate", "--model", out, "--regions", folder / "r.bed", *options, "-o", tmp_path / "e.tsv")
    inside("evaluate", tmp_path / "p.bed", "--labels", folder / "r.bed", "-q", "-o", tmp_path / "f.tsv")
    cells = [(tmp_path / name).read_text().splitlines()[1].split("\t")[:6] for name in ("e.tsv", "f.tsv")]
    assert cells[0] == cells[1]
    assert float(cells[0][4]) > 0.9
    # tile 3 of 70 bases is centred on 245: its window begins at 215; shift the region there
    (tmp_path / "w.bed").write_text("c4\t215\t275\n")
    inside("predict", out, "--regions", tmp_path / "w.bed", *options, "-o", tmp_path / "w.out")
    with pyBigWig.open(str(tmp_path / "p.bw")) as track:
        value = track.values("c4", 245, 246)[0]
    assert value == pytest.approx(
        float((tmp_path / "w.out").read_text().splitlines()[-1].split("\t")[-1]), abs=1e-6
    )
    refused(1, "a network of k-mers has none", lambda: inside(
        "evaluate", "--model", out, "--regions", folder / "r.bed", *options, "--ablate"
    ))  # fmt: skip
    refused(2, "k-mers with the tracks of --signal need --genome", lambda: inside(
        "train", "dense", "--regions", folder / "r.bed", *read(folder, "s"), "-q", "-o", tmp_path / "x.safetensors"
    ))  # fmt: skip


def test_what_is_for_sequences_is_refused_for_tracks_alone(given, inside, tmp_path):
    folder, _ = given
    refused(2, "--mutate is for sequences", lambda: train(
        inside, folder, tmp_path / "m.safetensors", *read(folder, "s"), "--mutate", 0.1, genome=False,
    ))  # fmt: skip
    refused(2, "--init-motifs reads the sequence: give --genome", lambda: train(
        inside, folder, tmp_path / "m.safetensors", *read(folder, "s"), "--init-motifs", "m.meme", genome=False
    ))  # fmt: skip
    assert not (tmp_path / "m.safetensors").exists()
