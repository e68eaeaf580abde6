"""Models of two ENCODE sets have learnt the motif of their factor: ``discover`` and ``explain --filters`` name it."""

import gzip
import json

import pytest

from seqnet.formats.motifs.any_format import read_motifs

pytestmark = [pytest.mark.realdata, pytest.mark.slow]
SETS = {"ELK1": "ELK1_GM12878_ELK1_(1277-1)_Stanford", "CTCFL": "CTCFL_K562_CTCFL_(SC-98982)_HudsonAlpha"}
NAMES = {"ELK1": ("ELK1_HUMAN.H11MO.0.B",), "CTCFL": ("CTCFL_HUMAN.H11MO.0.A", "CTCF_HUMAN.H11MO.0.A")}
"""Motifs of HOCOMOCO v11; those of CTCF and CTCFL are one."""


def write_fasta(packed, path, count):
    """Write the first bound sequences of a set."""
    with gzip.open(packed, "rt") as lines:
        rows = [line.split() for line in lines]
    bound = [f">{name}\n{sequence}\n" for _, name, sequence, label in rows[1:] if label == "1"]
    path.write_text("".join(bound[:count]))


@pytest.fixture(scope="module")
def prepared(real_data, tmp_path_factory):
    """The folder of FASTA files, and the collection of motifs."""
    folder = tmp_path_factory.mktemp("encode")
    for name, stem in SETS.items():
        for part, count in (("AC", 800), ("B", 150)):
            packed = real_data / "encode_deepbind10" / f"{stem}_{part}.seq.gz"
            write_fasta(packed, folder / f"{name}.{part}.fa", count)
    return folder, real_data / "motifs" / "HOCOMOCOv11_HUMAN.pfm.gz"


@pytest.mark.parametrize("name", SETS)
def test_the_first_pattern_is_the_motif_of_the_factor(prepared, seqnet_ok, name):
    folder, motifs = prepared
    model = folder / f"{name}.safetensors"
    seqnet_ok("train", "cnn", "--positives", folder / f"{name}.AC.fa", "--negatives", "shuffle", "--epochs", 15,
              "-t", 1, "-q", "-o", model)  # fmt: skip
    seqnet_ok("discover", model, folder / f"{name}.B.fa", "--motifs", motifs, "--shuffles", 5, "-t", 1, "-q",
              "-o", folder / f"{name}.meme", "--json", folder / f"{name}.json")  # fmt: skip
    first = json.loads((folder / f"{name}.json").read_text())["patterns"][0]
    assert first["target"] in NAMES[name]
    assert first["q_value"] < 1e-3
    assert first["seqlets"] > 75


def test_an_influential_filter_is_the_motif_of_the_factor(prepared, seqnet_ok):
    folder, motifs = prepared
    name = "CTCFL"
    model, filters = folder / f"{name}.deepbind.safetensors", folder / f"{name}.filters.meme"
    seqnet_ok("train", "cnn", "--positives", folder / f"{name}.AC.fa", "--negatives", "shuffle",
              "--preset", "deepbind", "-t", 1, "-q", "-o", model)  # fmt: skip
    seqnet_ok(
        "explain", model, folder / f"{name}.B.fa", "--filters", filters, "--motifs", motifs, "-t", 1, "-q"
    )
    (line,) = [line for line in filters.read_text().splitlines() if line.startswith("##influence=")]
    influence = {
        key: float(value)
        for key, value in (part.split(":") for part in line.removeprefix("##influence=").split(","))
    }
    named = [
        influence[motif.info.name]
        for motif in read_motifs(str(filters)).motifs
        if motif.info.alt_name in NAMES[name]
    ]
    assert max(named, default=0) >= 0.1 * max(influence.values())


@pytest.fixture(scope="module")
def yeast(real_data, tmp_path_factory):
    """A function that labels factors; and the genome and motifs of yeast."""
    folder, data = tmp_path_factory.mktemp("yeast"), real_data / "yeast_R64"

    def labelled(seqnet_ok, *factors):
        path = folder / f"{'_'.join(factors)}.bed"
        peaks = [data / "chexmix_peaks" / f"{factor}.bed" for factor in factors]
        seqnet_ok("label", *peaks, "--genome", data / "sacCer3.fa.gz", "--width", 200, "--valid-chroms", "chrVII",
                  "--test-chroms", "chrIV,chrXII", "-q", "-o", path)  # fmt: skip
        return path

    return labelled, data / "sacCer3.fa.gz", data / "motifs" / "macisaac_yeast.v1.meme"


def test_one_network_of_two_yeast_factors_has_learnt_both_motifs(yeast, seqnet_ok, tmp_path):
    labelled, genome, motifs = yeast
    regions = labelled(seqnet_ok, "Reb1", "Abf1")
    options = ["--regions", regions, "--genome", genome, "-t", 1, "-q"]
    seqnet_ok("train", "cnn", *options, "--epochs", 8, "-o", tmp_path / "m.safetensors")
    seqnet_ok("discover", tmp_path / "m.safetensors", *options, "--rows", "top:150", "--shuffles", 4, "--motifs",
              motifs, "-o", tmp_path / "p.meme", "--json", tmp_path / "p.json")  # fmt: skip
    patterns = json.loads((tmp_path / "p.json").read_text())["patterns"]
    for task in ("Reb1", "Abf1"):
        own = [pattern for pattern in patterns if pattern["task"] == task][:2]
        assert task.upper() in [pattern["target"] for pattern in own]


@pytest.mark.parametrize("factor", ["Reb1", "Abf1"])
def test_the_most_influential_filter_of_a_yeast_network_is_the_factor_s_motif(
    yeast, seqnet_ok, tmp_path, factor
):
    labelled, genome, motifs = yeast
    options = ["--regions", labelled(seqnet_ok, factor), "--genome", genome, "-t", 1, "-q"]
    seqnet_ok("train", "cnn", *options, "--preset", "deepbind", "-o", tmp_path / "m.safetensors")
    seqnet_ok(
        "explain", tmp_path / "m.safetensors", *options, "--filters", tmp_path / "f.meme", "--motifs", motifs
    )
    assert read_motifs(str(tmp_path / "f.meme")).motifs[0].info.alt_name == factor.upper()
