"""chr1 against 1: every command that meets both shows the names of both sides."""

from pathlib import Path

import numpy as np
import pytest

from seqnet.formats.tracks.bigwig import write_bigwig
from seqnet.genome.contig_names import require_one_style, style_hint

HEAD = "#chrom\tstart\tend\tname\tscore\tstrand\tsplit\tT\n"


@pytest.fixture
def inputs(tmp_path):
    """Genome and track of 1 and 2; regions, labels, predictions and peaks of chr1 and of 1."""
    letters = np.random.default_rng(1).choice(list("ACGT"), 4000)
    text = "".join(letters)
    (tmp_path / "g.fa").write_text(f">1\n{text}\n>2\n{text[::-1]}\n")
    (tmp_path / "sizes").write_text("1\t4000\n2\t4000\n")
    rows = [(100 + 60 * i, 150 + 60 * i, i) for i in range(40)]
    for style in ("chr", ""):
        name = f"{tmp_path}/{style or 'plain'}"
        bed = "".join(f"{style}1\t{s}\t{e}\tr{i}\t9\t+\n" for s, e, i in rows)
        table = "".join(f"{style}1\t{s}\t{e}\tr{i}\t9\t+\ttest\t{i % 2}\n" for s, e, i in rows)
        Path(name + ".bed").write_text(bed)
        Path(name + ".table.bed").write_text(HEAD + table)
        with write_bigwig(name + ".bw", {f"{style}1": 4000}) as track:
            track.add(f"{style}1", 0, np.random.default_rng(2).random(80), 50)
    motif = "MEME version 4\n\nALPHABET= ACGT\n\nMOTIF m\nletter-probability matrix: alength= 4 w= 2\n"
    (tmp_path / "m.meme").write_text(motif + "1 0 0 0\n0 0 1 0\n")
    return tmp_path


LINES = {
    "label": "label chr.bed --genome g.fa --width 50",
    "label some": "label chr.bed --genome g.fa --width 50 --chroms 1",
    "label skip": "label chr.bed --genome g.fa --width 50 --on-bad skip",
    "label blacklist": "label plain.bed --genome g.fa --width 50 --blacklist chr.bed",
    "label signal": "label plain.bed --genome g.fa --width 50 --negatives 0 --signal s=chr.bw",
    "negatives": "negatives chr.bed --genome g.fa",
    "negatives exclude": "negatives plain.bed --genome g.fa --exclude chr.bed",
    "scan": "scan m.meme --genome g.fa --regions chr.bed",
    "scan chroms": "scan m.meme g.fa --chroms chr1",
    "kmer-featurize": "kmer-featurize --genome g.fa --regions chr.bed -k 2",
    "kmer-featurize some": "kmer-featurize --genome g.fa --regions chr.bed -k 2 --chroms 1",
    "build-pwm": "build-pwm chr.bed --genome g.fa",
    "enrich": "enrich m.meme --genome g.fa --regions chr.bed --against-regions chr.bed",
    "enrich some": "enrich m.meme --genome g.fa --regions chr.bed --against-regions chr.bed --chroms 1",
    "coverage": "coverage chr.bed --genome sizes --count reads",
    "train": "train linear --regions chr.table.bed --genome g.fa -k 2 -o m.safetensors",
    "evaluate": "evaluate chr.table.bed --labels plain.table.bed",
    "evaluate tiles": "evaluate plain.table.bed --labels plain.table.bed --tiles plain.bw --peaks chr.bed",
    "evaluate peaks": "evaluate plain.table.bed --labels plain.table.bed --task-type regression --peaks chr.bed",
    "check": "check chr.table.bed --genome g.fa",
    "check track": "check plain.table.bed --genome g.fa --signal s=chr.bw",
    "check predictions": "check plain.table.bed --predictions chr.table.bed",
}


@pytest.mark.parametrize("line", LINES)
def test_names_of_both_sides_are_shown(run, inputs, monkeypatch, line):
    monkeypatch.chdir(inputs)
    finished = run(*LINES[line].split())
    assert finished.code == 1, finished.err
    said = finished.text if line.startswith("check") else finished.err.splitlines()[-1]
    ours, theirs = (
        ("chr1", "1")
        if "chr1" in said.split("style of names differs")[1].split(" here")[0]
        else ("1", "chr1")
    )
    assert f"; only the style of names differs ({ours} here, {theirs} there)" in said


def test_the_mitochondrial_contig_has_several_names():
    assert style_hint(["chrM"], ["MT"]).endswith("(chrM here, MT there)")
    assert style_hint(["MT"], ["chrM"]).endswith("(MT here, chrM there)")
    assert style_hint(["chr1"], ["chr2"]) == ""


def test_files_about_other_contigs_are_no_mismatch():
    require_one_style("x.bed", ["chr2"], "g.fa", {"chr1": 5})
    require_one_style("x.bed", ["1", "chr1"], "g.fa", {"chr1": 5})
    require_one_style("x.bed", [], "g.fa", {"chr1": 5})
