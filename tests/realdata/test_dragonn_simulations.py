"""The simulations of the DragoNN tutorials in a small setting."""

import pytest

from tests.realdata.test_yeast_workflow import run_workflow

pytestmark = [pytest.mark.realdata, pytest.mark.slow]


def test_a_scan_with_the_true_motif_finds_what_was_put_in(real_data, tmp_path):
    out = tmp_path / "out"
    run_workflow(
        tmp_path, "dragonn_simulations.sh", real_data / "motifs" / "ENCODE.pfm.gz", out, COUNT="1000"
    )
    rows = [line.split("\t") for line in (out / "summary.tsv").read_text().splitlines()[1:]]
    best, hits = ({row[0]: float(row[column]) for row in rows} for column in (2, 3))
    assert best["single_TAL1_known4"] > 0.95  # .986 of 20,000 sequences
    assert best["single_CTCF_known1"] > 0.97
    assert best["single_ZNF143_known2"] > 0.99
    assert 0.88 < best["single_SIX5_known1"] < 0.99
    assert hits["counting"] > 0.93
    assert 0.35 < best["localization"] < 0.65  # both classes hold the same sites
    assert hits["localization_centers"] > 0.88
