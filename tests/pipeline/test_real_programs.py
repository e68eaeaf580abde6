"""Outputs in the programs people open them with; skipped where these are not installed."""

import gzip
import shutil
import subprocess

import pytest


def program(name, *args):
    """Run a program, or skip the test."""
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not installed")
    finished = subprocess.run([name, *map(str, args)], capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr
    return [line for line in finished.stdout.splitlines() if not line.startswith("#")]


@pytest.fixture(scope="module")
def scanned(example_data, tmp_path_factory):
    """Hits in every form, and a copy of the genome that programs may index."""
    from tests.running import run_seqnet

    folder = tmp_path_factory.mktemp("scanned")
    genome = shutil.copy(example_data / "genome.fa", folder / "genome.fa")
    line = ("scan", example_data / "motifs.jaspar", genome, "--p-value", "3e-5")
    for output in ("hits.bed", "hits.gff3", "hits.narrowPeak"):
        assert run_seqnet(*line, "-o", folder / output).code == 0
    assert run_seqnet(*line, "--index", "-o", folder / "hits.bed.gz").code == 0
    assert run_seqnet(*line, "--index", "-o", folder / "hits.gff3.gz").code == 0
    return folder


def hits_of(folder):
    lines = (folder / "hits.bed").read_text().splitlines()
    return [line.split("\t") for line in lines if not line.startswith("#")]


def test_bedtools_cuts_the_matched_sequence_at_every_hit(scanned):
    out = program(
        "bedtools", "getfasta", "-s", "-tab", "-fi", scanned / "genome.fa", "-bed", scanned / "hits.bed"
    )
    words = [line.split("\t")[1].upper() for line in out]
    hits = hits_of(scanned)
    assert len(hits) > 100
    assert words == [hit[9] for hit in hits]


def test_samtools_cuts_the_matched_sequence_at_a_forward_hit(scanned):
    hit = next(hit for hit in hits_of(scanned) if hit[5] == "+")
    lines = program("samtools", "faidx", scanned / "genome.fa", f"{hit[0]}:{int(hit[1]) + 1}-{hit[2]}")
    assert "".join(lines[1:]).upper() == hit[9]


@pytest.mark.parametrize("name", ["hits.bed", "hits.gff3", "hits.narrowPeak"])
def test_bedtools_reads_every_form_of_hits(scanned, name):
    out = program("bedtools", "intersect", "-u", "-a", scanned / name, "-b", scanned / "hits.bed")
    assert len(out) == len(hits_of(scanned))


@pytest.mark.parametrize(("name", "first", "shift"), [("hits.bed.gz", 1, 0), ("hits.gff3.gz", 3, 1)])
def test_tabix_finds_the_hits_of_a_region(scanned, name, first, shift):
    found = program("tabix", scanned / name, "chr2:50001-90000")
    with gzip.open(scanned / name, "rt") as stream:
        rows = [line.rstrip("\n") for line in stream if line.startswith("chr2\t")]
    ends = {1: 2, 3: 4}
    inside = [
        row
        for row in rows
        if int(row.split("\t")[first]) - shift < 90_000 and int(row.split("\t")[ends[first]]) > 50_000
    ]
    assert found == inside != []


def test_bedtools_covers_what_the_labelled_regions_cover(example_data, tmp_path):
    from tests.running import run_seqnet

    line = ("label", example_data / "peaks" / "REB1.narrowPeak", "--genome", example_data / "genome.fa")
    assert run_seqnet(*line, "--width", 200, "-o", tmp_path / "regions.bed").code == 0
    rows = [r for r in (tmp_path / "regions.bed").read_text().splitlines() if not r.startswith("#")]
    assert len(program("bedtools", "sort", "-i", tmp_path / "regions.bed")) == len(rows) > 0
