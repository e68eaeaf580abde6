"""The yeast workflow in a small setting."""

import os
import subprocess
import sys

import pytest

from seqnet.formats.bed import read_bed
from seqnet.formats.motifs import read_motifs
from seqnet.motifs.information import information
from seqnet.motifs.matrix import to_ppm
from tests.conftest import ROOT

pytestmark = [pytest.mark.realdata, pytest.mark.slow]


def metrics(path):
    rows = [line.split("\t") for line in path.read_text().splitlines()[1:]]
    return {row[0]: (float(row[4]), float(row[5])) for row in rows}


def test_from_peaks_to_an_evaluated_track(real_data, tmp_path):
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    for name, command in (("seqnet", "-m seqnet"), ("python3", "")):
        (bin_folder / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" {command} "$@"\n')
        (bin_folder / name).chmod(0o755)
    env = {**os.environ, "PATH": f"{bin_folder}:{os.environ['PATH']}", "EPOCHS": "4", "TASKS": "Reb1 Abf1"}
    out = tmp_path / "out"
    finished = subprocess.run(
        ["bash", str(ROOT / "workflows" / "yeast_reb1.sh"), str(real_data / "yeast_R64"), str(out)],
        env=env, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert finished.returncode == 0, finished.stderr
    (motif,) = read_motifs(str(out / "reb1.meme")).motifs
    assert information(to_ppm(motif).probabilities, motif.info.nsites).sum() > 8
    assert 1500 < len(read_bed(str(out / "reb1.hits.bed.gz"))) < 2500
    enrichment = (out / "reb1.enrichment.tsv").read_text().splitlines()[1].split("\t")
    assert float(enrichment[3]) > 25
    assert metrics(out / "pwm.metrics.tsv")["Reb1"][0] > 0.78
    assert metrics(out / "linear.metrics.tsv")["Reb1"][0] > 0.78
    assert metrics(out / "cnn.metrics.tsv")["mean"][0] > 0.7
    assert (out / "cnn.Reb1.chrXII.bw").stat().st_size > 50_000
