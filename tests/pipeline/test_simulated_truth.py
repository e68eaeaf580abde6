"""Attributions against the sites that ``seqnet simulate`` planted: base by base, as patterns, and in TF-MoDISco."""

import warnings

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

import seqnet
from seqnet.formats.motifs.any_format import read_motifs
from seqnet.motifs.matrix import MotifInfo, MotifSet, Pfm
from tests.conftest import EXAMPLE_DATA

pytestmark = pytest.mark.slow
GATA = """>GATA
A [ 1 97 1 97 ]
C [ 1 1 1 1 ]
G [ 97 1 1 1 ]
T [ 1 1 97 1 ]
"""


@pytest.fixture(scope="module")
def localised(tmp_path_factory):
    """Sequences with one short site, of positives in the middle, and a network that reads places."""
    folder = tmp_path_factory.mktemp("localised")
    motifs, fasta, regions = folder / "gata.jaspar", folder / "s.fa", folder / "regions.bed"
    motifs.write_text(GATA)
    seqnet.simulate_localization(
        str(motifs), copies=(1, 1), negative_place="flanks", positives=2000, negatives=2000,
        length=120, center=40, labels_out=str(regions), truth=str(folder / "truth.bed"), output=str(fasta),
        valid_fraction=0.1, test_fraction=0.1, seed=1,
    )  # fmt: skip
    seqnet.train_cnn(
        regions=str(regions), genome=str(fasta), output=str(folder / "cnn.safetensors"), threads=1, epochs=25,
        layers="conv 16x9, relu, max_pool 12, flatten, dense 16, relu",
    )  # fmt: skip
    return folder


def best_window(codes, motif):
    """The highest score of the windows, on both strands, that cover each base, (n, L)."""
    pssm = np.log2((motif.counts + 0.25) / (motif.counts + 0.25).sum(axis=1, keepdims=True) / 0.25)
    width, rows = len(pssm), np.arange(len(codes))[:, None]
    best = np.full(codes.shape, -np.inf)
    for matrix in (pssm, pssm[::-1, ::-1]):
        for start in range(codes.shape[1] - width + 1):
            score = matrix[np.arange(width), codes[rows, start + np.arange(width)]].sum(axis=1)
            best[:, start : start + width] = np.maximum(best[:, start : start + width], score[:, None])
    return best


def test_bases_of_sites_stand_out_more_than_in_a_scan(localised):
    found = seqnet.explain(
        str(localised / "cnn.safetensors"), regions=str(localised / "regions.bed"),
        genome=str(localised / "s.fa"), split="test", threads=1,
    ).of()  # fmt: skip
    truth = np.zeros(found.observed.shape, dtype=bool)
    row = {name: number for number, name in enumerate(found.names)}
    for line in (localised / "truth.bed").read_text().splitlines():
        name, start, end = line.split("\t")[:3] if line[0] != "#" else ("", 0, 0)
        if name in row:
            truth[row[name], int(start) : int(end)] = True
    assert (truth.sum(axis=1) == 4).all()
    (motif,) = read_motifs(str(localised / "gata.jaspar")).motifs
    scanned, explained = (
        average_precision_score(truth.ravel(), values.ravel())
        for values in (best_window(found.codes, motif), np.abs(found.observed))
    )
    assert scanned > 5 * truth.mean()
    assert explained > scanned + 0.1


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    """A network trained on one planted motif, and attributions in the files of ``explain -o reb1.npz``."""
    folder = tmp_path_factory.mktemp("planted")
    given = {"regions": str(folder / "regions.bed"), "genome": str(folder / "s.fa")}
    seqnet.simulate_single(
        str(EXAMPLE_DATA / "motifs.jaspar"), motif_names=("REB1",), positives=600, negatives=600, length=120,
        labels_out=given["regions"], output=given["genome"], valid_fraction=0.1, seed=2,
    )  # fmt: skip
    model = str(folder / "cnn.safetensors")
    seqnet.train_cnn(**given, output=model, preset="deepbind", epochs=20, threads=1)
    seqnet.explain(model, **given, outputs=(str(folder / "reb1.npz"),), threads=1)
    return folder, model, given


def similarity(motifs):
    """The least q-value of motifs with the planted one, among all of the example's."""
    table = seqnet.compare(MotifSet(tuple(motifs)), str(EXAMPLE_DATA / "motifs.jaspar"), q_value=1.0).table
    return min(row[-1] for row in table.rows() if "REB1" in row[1:3])


def test_discover_finds_the_planted_motif(planted):
    _, model, given = planted
    found = seqnet.discover(model, **given, shuffles=5, threads=1)
    assert len(found.patterns[0]) > 400
    assert similarity(found.motifs.motifs[:1]) < 1e-3


def permute_labels(path, seed):
    """Exchange the labels, the last column of a table of regions, between the rows of each split."""
    lines = path.read_text().splitlines()
    rows = {}
    for number, line in enumerate(lines):
        if line[0] != "#":
            fields = line.split("\t")
            rows.setdefault(fields[6], []).append((number, fields))
    assert set(rows) == {"train", "valid", "test"}
    random = np.random.default_rng(seed)
    for some in rows.values():
        labels = random.permutation([fields[-1] for _, fields in some])
        for (number, fields), label in zip(some, labels, strict=True):
            lines[number] = "\t".join([*fields[:-1], str(label)])
    path.write_text("\n".join(lines) + "\n")


def patterns_on_test_rows(given, model, linear, seed):
    """Train on a simulation and return the patterns of its test rows with a positive label."""
    if linear:
        seqnet.train_linear(**given, output=model, gapped=True, threads=1, seed=seed)
    else:
        seqnet.train_cnn(**given, output=model, preset="deepbind", epochs=20, threads=1, seed=seed)
    return seqnet.discover(model, **given, split="test", shuffles=2, threads=1, seed=seed).motifs.motifs


@pytest.mark.parametrize("linear", [False, True], ids=["cnn", "linear"])
@pytest.mark.parametrize("seed", range(10))
def test_patterns_are_the_planted_motif_and_none_if_labels_are_permuted(tmp_path, seed, linear):
    regions, model = tmp_path / "regions.bed", str(tmp_path / "model.safetensors")
    given = {"regions": str(regions), "genome": str(tmp_path / "s.fa")}
    count = 400 if linear else 1500
    seqnet.simulate_single(
        str(EXAMPLE_DATA / "motifs.jaspar"), motif_names=("REB1",), positives=count, negatives=count,
        length=120, labels_out=given["regions"], output=given["genome"], valid_fraction=0.1, test_fraction=0.3,
        seed=seed,
    )  # fmt: skip
    found = patterns_on_test_rows(given, model, linear, seed)
    assert len(found) == 1
    assert found[0].info.nsites >= 0.3 * count / 3  # a third of the sites on test rows
    assert similarity(found) < 1e-3
    permute_labels(regions, seed)
    assert patterns_on_test_rows(given, model, linear, seed) == ()


def test_modisco_reads_our_files_and_finds_the_planted_motif(planted):
    pytest.importorskip("modiscolite")
    import h5py
    from modiscolite.cli import cli

    folder, _, _ = planted
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cli(
            ["motifs", "-s", str(folder / "reb1.onehot.npz"), "-a", str(folder / "reb1.npz"), "-n", "2000",
             "-w", "120", "-o", str(folder / "reb1.h5")], standalone_mode=False,
        )  # fmt: skip
    with h5py.File(folder / "reb1.h5") as results:
        patterns = results["pos_patterns"].values()
        motifs = [
            Pfm(MotifInfo(f"m{number}"), np.round(100 * each["sequence"][:]))
            for number, each in enumerate(patterns)
        ]
    assert similarity(motifs) < 1e-3
