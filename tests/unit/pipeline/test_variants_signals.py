"""``seqnet.variants`` with models that read signal tracks, which stay as they are."""

import numpy as np
import pytest

import seqnet
from seqnet.errors import SeqnetError

PLACES = (30, 2000, 2300, 5000)
WIDTH = 100


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A labelled table, and a network and a k-mer model of sequence and accessibility."""
    from tests.conftest import EXAMPLE_DATA

    folder, genome = tmp_path_factory.mktemp("signals"), EXAMPLE_DATA / "genome.fa"
    seqnet.label(
        [EXAMPLE_DATA / "peaks" / "REB1.narrowPeak"], genome, width=WIDTH, valid_chroms=["chr3"],
        test_chroms=["chr4"], output=str(folder / "r.bed"),
    )  # fmt: skip
    options = {
        "regions": folder / "r.bed", "genome": genome, "threads": 1,
        "signals": {"dnase": str(EXAMPLE_DATA / "dnase.bw")},
    }  # fmt: skip
    monkeypatch = pytest.MonkeyPatch()
    monkeypatch.setenv("SEQNET_CACHE", str(folder / "cache"))
    seqnet.train_cnn(preset="lecture", epochs=1, output=str(folder / "cnn.safetensors"), **options)
    seqnet.train_dense(k=(3,), hidden=(4,), epochs=1, output=str(folder / "dense.safetensors"), **options)
    yield folder, genome, str(EXAMPLE_DATA / "dnase.bw")
    monkeypatch.undo()


def logit(probability):
    return np.log(probability / (1 - probability))


@pytest.mark.parametrize("name", ["cnn", "dense"])
def test_effects_are_those_of_an_edited_genome_with_the_same_tracks(files, tmp_path, name):
    folder, genome, track = files
    records = genome.read_text().split(">")[1:]
    letters = list("".join(records[0].split("\n")[1:]).upper())
    rows, edited = [], letters.copy()
    for place in PLACES[1:]:
        edited[place] = "ACGT".replace(letters[place], "")[place % 3]
        rows.append(f"chr1\t{place + 1}\t{letters[place]}\t{edited[place]}\n")
    (tmp_path / "v.tsv").write_text("".join(rows))
    (tmp_path / "w.bed").write_text(
        "".join(f"chr1\t{p - WIDTH // 2}\t{p + WIDTH // 2}\n" for p in PLACES[1:])
    )
    options = {"signals": {"dnase": track}, "threads": 1}
    model = folder / f"{name}.safetensors"
    found = seqnet.variants(model, tmp_path / "v.tsv", genome=genome, **options).effects
    outputs = []
    for number, place in enumerate(PLACES[1:]):
        alone = letters.copy()
        alone[place] = edited[place]
        pair = []
        for own in (letters, alone):
            (tmp_path / "g.fa").write_text(f">chr1\n{''.join(own)}\n")
            values = seqnet.predict(
                model, regions=tmp_path / "w.bed", genome=tmp_path / "g.fa", **options
            ).predictions.values
            pair.append(logit(values[number, 0].astype(float)))
        outputs.append(pair)
    want = np.array(outputs)
    np.testing.assert_allclose(found.others["ref_REB1"], want[:, 0], atol=2e-5)
    np.testing.assert_allclose(found.others["delta_REB1"], want[:, 1] - want[:, 0], atol=4e-5)
    assert (found.others["delta_REB1"] != 0).all()


def test_windows_that_pass_a_contig_s_end_read_no_track_there(files, tmp_path):
    folder, genome, track = files
    letters = "".join(genome.read_text().split(">")[1].split("\n")[1:]).upper()
    (tmp_path / "v.tsv").write_text(f"chr1\t{PLACES[0] + 1}\t{letters[PLACES[0]]}\tACG\n")
    found = seqnet.variants(
        folder / "cnn.safetensors", tmp_path / "v.tsv", genome=genome, signals={"dnase": track}, threads=1,
    ).effects  # fmt: skip
    assert np.isfinite(found.others["delta_REB1"]).all()


def test_tracks_must_be_those_of_the_model(files, tmp_path):
    folder, genome, _ = files
    (tmp_path / "v.tsv").write_text("chr1\t100\tA\tC\n")
    with pytest.raises(SeqnetError, match="expects the signal tracks dnase"):
        seqnet.variants(folder / "cnn.safetensors", tmp_path / "v.tsv", genome=genome, threads=1)
