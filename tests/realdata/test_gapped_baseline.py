"""Gapped k-mers with a linear model reach LS-GKM's level on its own test data."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from seqnet.formats.results.scores import read_scores

pytestmark = [pytest.mark.realdata, pytest.mark.slow]
NAME = "wgEncodeSydhTfbsGm12878Nfe2hStdAlnRep0"


@pytest.mark.parametrize("loss", ["bce", "hinge"])
def test_nfe2_with_its_own_negatives(real_data, tmp_path, seqnet_ok, loss):
    stem = real_data / "lsgkm_nfe2" / NAME
    model = tmp_path / "m.safetensors"
    seqnet_ok(
        "train", "linear", "--positives", f"{stem}.tr.fa", "--negatives", f"{stem}.neg.tr.fa", "--gapped",
        "--loss", loss, "-q", "-o", model,
    )  # fmt: skip
    scores = []
    for part in ("test", "neg.test"):
        seqnet_ok("kmer-featurize", f"{stem}.{part}.fa", "--gapped", "-q", "-o", tmp_path / "k.npz")
        seqnet_ok("predict", model, "--features", tmp_path / "k.npz", "-q", "-o", tmp_path / "p.tsv")
        scores.append(read_scores(str(tmp_path / "p.tsv")).values[:, 0])
    truth = np.repeat([1, 0], [len(part) for part in scores])
    assert roc_auc_score(truth, np.concatenate(scores)) >= 0.992
