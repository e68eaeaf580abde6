"""The yeast workflows in a small setting."""

import json
import os
import subprocess
import sys

import pytest

from seqnet.formats.motifs.any_format import read_motifs
from seqnet.formats.regions.bed import read_bed
from seqnet.motifs.information import information
from seqnet.motifs.matrix import to_ppm
from tests.conftest import ROOT

pytestmark = [pytest.mark.realdata, pytest.mark.slow]


def metrics(path):
    rows = [line.split("\t") for line in path.read_text().splitlines()[1:]]
    return {row[0]: (float(row[4]), float(row[5])) for row in rows}


def run_workflow(tmp_path, script, *args, **variables):
    """Run a script of workflows/ with this package's seqnet first on the path."""
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    for name, command in (("seqnet", "-m seqnet"), ("python3", "")):
        (bin_folder / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" {command} "$@"\n')
        (bin_folder / name).chmod(0o755)
    finished = subprocess.run(
        ["bash", str(ROOT / "workflows" / script), *map(str, args)],
        env={**os.environ, "PATH": f"{bin_folder}:{os.environ['PATH']}", **variables},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert finished.returncode == 0, finished.stderr


def test_from_peaks_to_an_evaluated_track(real_data, tmp_path):
    out = tmp_path / "out"
    variables = {"EPOCHS": "4", "TASKS": "Reb1 Abf1"}
    run_workflow(tmp_path, "yeast_reb1.sh", real_data / "yeast_R64", out, **variables)
    (motif,) = read_motifs(str(out / "reb1.meme")).motifs
    assert information(to_ppm(motif).probabilities, motif.info.nsites).sum() > 8
    assert 1500 < len(read_bed(str(out / "reb1.hits.bed.gz"))) < 2500
    enrichment = (out / "reb1.enrichment.tsv").read_text().splitlines()[1].split("\t")
    assert float(enrichment[3]) > 25
    assert metrics(out / "pwm.metrics.tsv")["Reb1"][0] > 0.78
    assert metrics(out / "linear.metrics.tsv")["Reb1"][0] > 0.78
    # four epochs are few, and float32 sums differ from processor to processor: .69 to .75 were seen
    assert metrics(out / "cnn.metrics.tsv")["mean"][0] > 0.6
    assert (out / "cnn.Reb1.chrXII.bw").stat().st_size > 50_000


FACTORS = "Azf1 Cad1 Gal4 Hap3 Leu3 Mbp1 Pdr1 Rfx1 Sko1 Stb5 Sut1 Tbf1 Zap1"


@pytest.mark.timeout(3600)
def test_enrichment_puts_a_factor_s_own_motif_first_among_hundreds(real_data, tmp_path):
    out, jaspar = tmp_path / "out", real_data / "motifs" / "jaspar2024_core.transfac.gz"
    run_workflow(tmp_path, "enrich_yeast.sh", real_data / "yeast_R64", jaspar, out, FACTORS=FACTORS)
    lines = (out / "summary.tsv").read_text().splitlines()[1:]
    rows = [dict(zip(("factor", "peaks", "motif", "p", "q", "rank"), line.split("\t"), strict=False)) for line in lines]  # fmt: skip
    assert [row["factor"] for row in rows] == FACTORS.split()
    first = {row["factor"] for row in rows if row["rank"] == "1" and float(row["q"]) < 0.05}
    assert len(first) >= 12, set(FACTORS.split()) - first


@pytest.mark.timeout(1800)
def test_one_network_for_many_factors(real_data, tmp_path):
    out = tmp_path / "out"
    variables = {"PEAKS": "500", "EPOCHS": "2", "THREADS": "1", "CHROMS": "chrIV,chrXII"}
    jaspar = real_data / "motifs" / "jaspar2024_core.transfac.gz"
    run_workflow(tmp_path, "yeast_factors.sh", real_data / "yeast_R64", jaspar, out, **variables)
    factors = {"Abf1", "Cin5", "Fhl1", "Reb1", "Sok2", "Spt15", "Spt2"}
    assert set(metrics(out / "metrics.tsv")) == {*factors, "mean"}
    assert {path.stem for path in (out / "tracks").iterdir()} == factors
    content = json.loads((out / "metrics.json").read_text())
    assert content["tile_contigs"] == ["chrIV", "chrXII"]
    own = {row["task"]: row["auroc"] for row in content["baselines"][0]["metrics"]}
    assert own["Abf1"] > 0.85  # the factor's own motif
    assert (out / "report.html").stat().st_size < 5_000_000
