"""One line per case: a command and the file its output must equal.

``pytest --update-golden`` rewrites the files; read the difference before you commit it.
"""

import shlex
from pathlib import Path

import pytest

GOLDEN = Path(__file__).parent / "golden"

CASES = [
    ("build-pwm {data}/lecture_sites.txt --name lecture -q", "lecture.meme"),
    ("build-pwm {data}/lecture_sites.txt --name lecture -q --to jaspar", "lecture.jaspar"),
    ("build-pwm {data}/sites.fa --name REB1 --header none", "reb1.meme"),
    ("background {data}/genome.fa --order 1 --symmetric", "genome.bg"),
    ("convert {golden}/lecture.meme --to transfac", "lecture.transfac"),
    ("convert {golden}/lecture.meme --to homer", "lecture.homer"),
    ("convert {golden}/lecture.meme --to cluster-buster", "lecture.cb"),
    ("convert {golden}/lecture.meme --to uniprobe -q", "lecture.uniprobe"),
    ("convert {golden}/lecture.meme --to cis-bp -q", "lecture.cisbp"),
    ("convert {golden}/lecture.meme --to pfm", "lecture.pfm"),
    ("convert {golden}/lecture.pssm --to tsv", "lecture.pssm.tsv"),
    ("convert {golden}/lecture.pssm --to json", "lecture.pssm.json"),
    ("compare {golden}/reb1.meme {data}/motifs.jaspar --q-value 1", "reb1_compared.tsv"),
    ("show {data}/motifs.jaspar", "motifs_shown.tsv"),
    ("build-pwm {data}/peaks/REB1.narrowPeak --genome {data}/genome.fa --width 60 --seed NNTTACCCGGNN -q", "reb1_seed.meme"),
    ("pssm {golden}/lecture.meme --background 0.3,0.2,0.2,0.3", "lecture.pssm"),
    ("pssm {golden}/lecture.meme -o /dev/null --thresholds - --p-values 0.01,0.001 --exact", "lecture_thresholds.tsv"),
    ("pssm {data}/motifs.jaspar --background from:{data}/genome.fa --pseudocount 1 --motif GATA1", "gata1.pssm"),
    ("scan {golden}/reb1.meme {data}/genome.fa --p-value 1e-5", "reb1_hits.bed"),
    ("scan {data}/motifs.jaspar --genome {data}/genome.fa --motif CTCF --motif MA0363* --chroms chr4 --p-value 3e-5", "chr4_hits.bed"),
    ("scan {data}/motifs.jaspar --genome {data}/genome.fa --motif CTCF --motif MA0363* --chroms chr4 --p-value 3e-5 -t 2", "chr4_hits.bed"),
    ("scan {golden}/lecture.pssm {data}/genome.fa --chroms chr4 --score 7 --header none", "lecture_hits.bed"),
    ("scan {golden}/reb1.meme --genome {data}/genome.fa --regions {golden}/few.bed --p-value 0.01", "few_hits.bed"),
    ("scan {golden}/reb1.meme {data}/genome.fa --chroms chr4 --q-value 0.1", "chr4_q.bed"),
    ("scan {golden}/reb1.meme {data}/genome.fa --chroms chr4 --top 5 --to gff3", "chr4_top.gff3"),
    ("scan {golden}/reb1.meme {data}/genome.fa --chroms chr4 --top 5 --to fimo", "chr4_top.fimo"),
    ("merge-hits {golden}/reb1_hits.bed --top 3 --to narrowpeak", "merged_top.narrowPeak"),
    ("scan {golden}/reb1.meme --genome {data}/genome.fa --regions {golden}/few.bed --per-sequence", "few_best.tsv"),
    ("kmer-featurize --genome {data}/genome.fa --regions {golden}/few.bed -k 2", "few_2mers.tsv"),
    ("kmer-featurize --genome {data}/genome.fa --regions {golden}/few.bed -k 1 --pattern 1001 --pattern 1101 --hash 3 --normalize log", "few_hashed.tsv"),
    ("kmer-featurize --genome {data}/genome.fa --regions {golden}/few.bed -k 1 --strands forward --normalize frequency --header none", "few_bases.tsv"),
    ("enrich {data}/motifs.jaspar --genome {data}/genome.fa --regions {data}/peaks/REB1.narrowPeak --width 60 --against-regions {data}/peaks/CTCF.narrowPeak --p-value 1e-3 -q", "enrich.tsv"),
    ("label {golden}/few.bed {golden}/more.bed --genome {data}/genome.fa --width 60 --test-chroms chr2 -q", "labelled.bed"),
    ("check {golden}/odd.bed --genome {data}/genome.fa --motifs {data}/motifs.jaspar -q", "odd_checked.tsv"),
    ("simulate single {data}/motifs.jaspar --motif CTCF --length 70 --positives 2 --negatives 1 -q", "simulated.fa"),
    ("simulate density {data}/motifs.jaspar --motif REB1 --copies 1-2 --negative-copies 1 --positives 3 --negatives 2 -o /dev/null --truth - -q", "simulated_sites.bed"),
    ("simulate spacing {data}/motifs.jaspar --motif REB1 --motif GATA1 --fixed-order --positives 3 --negatives 3 --valid-fraction 0.2 --test-fraction 0.2 -o /dev/null --labels-out - -q", "simulated_labels.bed"),
    ("simulate genome {data}/motifs.jaspar --contig c=6000 --bound 2 --unbound 1 -o /dev/null --truth - -q", "simulated_genome.bed"),
    ("label {golden}/few.bed {golden}/more.bed --genome {data}/genome.fa --bins 50 --step 25 --width 60 --negatives 0 -q --signal dnase={data}/dnase.bw", "tiles.bed"),
    ("negatives {golden}/few.bed --genome {data}/genome.fa --width 60 -q --on-bad skip", "few_negatives.bed"),
    ("negatives {golden}/few.fa --shuffle dinucleotide -q", "few_shuffled.fa"),
    ("predict {golden}/few.safetensors --regions {golden}/labelled.bed --genome {data}/genome.fa -q", "few_predicted.bed"),
    ("predict {golden}/few.safetensors {golden}/few.fa -q", "few_predicted.tsv"),
    ("predict {golden}/few.safetensors --genome {golden}/few.fa --tile 9 --max-n 0.6 --header none -q", "few_tiles.bed"),
    ("explain {golden}/few.safetensors {golden}/few.fa --method ism -t 1 -q", "few_explained.tsv"),
    ("variants {golden}/lecture.pssm {golden}/few_variants.tsv --genome {data}/genome.fa -q", "few_effects.tsv"),
    ("evaluate {golden}/scores.tsv --labels {golden}/labelled.bed --split all -q", "metrics.tsv"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "expected"), CASES, ids=[line for line, _ in CASES])
def test_output_is_as_recorded(seqnet_ok, request, example_data, line, expected):
    finished = seqnet_ok(*shlex.split(line.format(data=example_data, golden=GOLDEN)))
    assert finished.err == ""
    path = GOLDEN / expected
    if request.config.getoption("--update-golden"):
        path.write_bytes(finished.out)
    assert finished.out == path.read_bytes()
