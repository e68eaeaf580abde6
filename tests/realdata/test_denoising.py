"""The default network of train denoise on yeast ATAC-seq: from 10 % of the reads to all of them."""

import pyBigWig
import pytest

import seqnet

pytestmark = [pytest.mark.realdata, pytest.mark.slow]
VALID, TEST = ("chrII", "chrXIII"), ("chrIV", "chrVII", "chrXV")
NUCLEAR = ("chrI", "chrIII", "chrV", "chrVI", "chrVIII", "chrIX", "chrX", "chrXI", "chrXII", "chrXIV", "chrXVI",
           *VALID, *TEST)  # fmt: skip


@pytest.mark.timeout(3600)
def test_held_out_chromosomes_are_closer_than_the_input_and_the_best_smoother(real_data, tmp_path):
    folder = real_data / "yeast_R64" / "atac"
    shallow, deep = str(folder / "atac_10pct_coverage.bw"), str(folder / "atac_500k_coverage.bw")
    path = str(tmp_path / "m.safetensors")
    result = seqnet.train_denoise(
        signals={"atac": shallow}, target_tracks={"deep": deep}, chroms=NUCLEAR, valid_chroms=VALID,
        test_chroms=TEST, threads=1, output=path,
    )  # fmt: skip
    largest = result.model.header["outputs"][0]["range"][1]
    for contig in TEST:
        found = seqnet.evaluate(
            model=path, signals={"atac": shallow}, target_tracks={"deep": deep}, chroms=(contig,), threads=1,
            intervals="none",
        ).evaluation  # fmt: skip
        ours = found.task_metrics.rows[0]
        for other in found.undenoised:
            theirs = other.task_metrics.rows[0]
            assert ours["pearson"] > theirs["pearson"] + 0.003, (contig, other.name)
            assert ours["mse"] < 0.95 * theirs["mse"], (contig, other.name)
        assert found.values.min() >= 0
        assert found.values.max() <= 1.5 * largest
    seqnet.predict(path, signals={"atac": shallow}, chroms=TEST[:1], threads=1, output=str(tmp_path / "p.bw"))
    with pyBigWig.open(str(tmp_path / "p.bw")) as track:
        assert 0 < track.stats(TEST[0], type="max", exact=True)[0] <= 1.5 * largest
