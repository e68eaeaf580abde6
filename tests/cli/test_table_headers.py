"""Every table has ``##`` lines and a column line, the column line alone, or neither."""

import shlex

import pytest

import seqnet
from seqnet.errors import UsageError
from tests.cli.test_golden import GOLDEN

COLUMNS_ONLY = "metrics.tsv"
"""Recorded as it is by default: evaluate has no ``##`` lines unless they are asked for."""
TABLES = {  # a recorded output: the command that writes it to {out}
    "reb1_hits.bed": "scan {golden}/reb1.meme {data}/genome.fa --p-value 1e-5 -o {out}",
    "chr4_q.bed": "scan {golden}/reb1.meme {data}/genome.fa --chroms chr4 --q-value 0.1 -o {out}",
    "chr4_top.gff3": "scan {golden}/reb1.meme {data}/genome.fa --chroms chr4 --top 5 --to gff3 -o {out}",
    "chr4_top.fimo": "scan {golden}/reb1.meme {data}/genome.fa --chroms chr4 --top 5 --to fimo -o {out}",
    "merged_top.narrowPeak": "merge-hits {golden}/reb1_hits.bed --top 3 --to narrowpeak -o {out}",
    "few_best.tsv": "scan {golden}/reb1.meme --genome {data}/genome.fa --regions {golden}/few.bed --per-sequence -o {out}",
    "few_2mers.tsv": "kmer-featurize --genome {data}/genome.fa --regions {golden}/few.bed -k 2 -o {out}",
    "reb1_compared.tsv": "compare {golden}/reb1.meme {data}/motifs.jaspar --q-value 1 -o {out}",
    "enrich.tsv": "enrich {data}/motifs.jaspar --genome {data}/genome.fa --regions {data}/peaks/REB1.narrowPeak --width 60 --against-regions {data}/peaks/CTCF.narrowPeak --p-value 1e-3 -q -o {out}",
    "lecture_thresholds.tsv": "pssm {golden}/lecture.meme -o /dev/null --thresholds {out} --p-values 0.01,0.001 --exact",
    "labelled.bed": "label {golden}/few.bed {golden}/more.bed --genome {data}/genome.fa --width 60 --test-chroms chr2 -q -o {out}",
    "few_negatives.bed": "negatives {golden}/few.bed --genome {data}/genome.fa --width 60 -q --on-bad skip -o {out}",
    "simulated_sites.bed": "simulate density {data}/motifs.jaspar --motif REB1 --copies 1-2 --negative-copies 1 --positives 3 --negatives 2 -o /dev/null --truth {out} -q",
    "simulated_labels.bed": "simulate spacing {data}/motifs.jaspar --motif REB1 --motif GATA1 --fixed-order --positives 3 --negatives 3 --valid-fraction 0.2 --test-fraction 0.2 -o /dev/null --labels-out {out} -q",
    "simulated_genome.bed": "simulate genome {data}/motifs.jaspar --contig c=6000 --bound 2 --unbound 1 -o /dev/null --truth {out} -q",
    "few_predicted.bed": "predict {golden}/few.safetensors --regions {golden}/labelled.bed --genome {data}/genome.fa -q -o {out}",
    "few_predicted.tsv": "predict {golden}/few.safetensors {golden}/few.fa -q -o {out}",
    "few_effects.tsv": "variants {golden}/lecture.pssm {golden}/few_variants.tsv --genome {data}/genome.fa -q -o {out}",
    "metrics.tsv": "evaluate {golden}/scores.tsv --labels {golden}/labelled.bed --split all -q -o {out}",
}  # fmt: skip


def provenance(lines):
    return [line for line in lines if line.startswith("##") and line != "##gff-version 3"]


@pytest.mark.parametrize("recorded", TABLES)
def test_header_is_full_or_columns_or_none(inside, example_data, tmp_path, recorded):
    written = {}
    for mode in ("default", "full", "columns", "none"):
        out = tmp_path / mode
        line = TABLES[recorded].format(golden=GOLDEN, data=example_data, out=out)
        inside(*shlex.split(line), *([] if mode == "default" else ["--header", mode]))
        written[mode] = out.read_text().splitlines()
    expected = (GOLDEN / recorded).read_text().splitlines()
    assert written["default"] == expected == written["columns" if recorded == COLUMNS_ONLY else "full"]
    above = provenance(written["full"])
    assert bool(above) == (not recorded.endswith(".fimo"))
    assert [line for line in written["full"] if line not in above] == written["columns"]
    if recorded.endswith(".narrowPeak"):  # which has no column line
        assert written["none"] == written["columns"]
        return
    assert written["columns"][1:] == written["none"]
    assert written["columns"][0].startswith(("#", "motif_id\t", "task\t"))
    assert written["none"]
    assert not written["none"][0].startswith("#")


def test_bedgraph_has_no_column_line(inside, example_data, tmp_path):
    peaks, sizes = example_data / "peaks" / "REB1.narrowPeak", example_data / "chrom.sizes"
    written = {}
    for mode in ("full", "columns", "none"):
        out = tmp_path / f"{mode}.bedgraph"
        inside(
            "coverage", peaks, "--genome", sizes, "--count", "fragments", "-q", "--header", mode, "-o", out
        )
        written[mode] = out.read_text().splitlines()
    assert "##command=coverage" in written["full"]
    assert written["full"][len(provenance(written["full"])) :] == written["columns"] == written["none"] != []


def test_evaluate_says_how_its_table_was_made(inside, example_data, tmp_path):
    line = f"evaluate {GOLDEN}/scores.tsv --labels {GOLDEN}/labelled.bed --split all -q --header full -o {tmp_path}/m"
    inside(*shlex.split(line))
    entries = dict(line[2:].split("=", 1) for line in provenance((tmp_path / "m").read_text().splitlines()))
    assert entries.pop("seqnet")
    assert entries == {
        "command": "evaluate", "predictions": "scores.tsv", "labels": "labelled.bed", "split": "all",
        "task-type": "binary", "intervals": "mean", "seed": "0", "block-size": "1000000",
    }  # fmt: skip


def test_evaluations_side_by_side_have_a_header_too(inside, tmp_path):
    common = f"--labels {GOLDEN}/labelled.bed --split all -q -o /dev/null"
    for name in ("a", "b"):
        inside("evaluate", f"{GOLDEN}/scores.tsv", *shlex.split(common), "--json", tmp_path / f"{name}.json")
    written = {}
    for mode in ("full", "columns", "none"):
        files = (tmp_path / "a.json", tmp_path / "b.json")
        inside("evaluate", "--compare", *files, "-q", "--header", mode, "-o", tmp_path / mode)
        written[mode] = (tmp_path / mode).read_text().splitlines()
    assert provenance(written["full"])[1:] == ["##command=evaluate", "##compare=a.json,b.json"]
    assert written["full"][3:] == written["columns"]
    assert written["columns"][1:] == written["none"] != []


def test_the_older_spelling_works_and_warns(inside, tmp_path, capsys):
    common = ("compare", GOLDEN / "reb1.meme", GOLDEN / "lecture.meme", "--q-value", 1)
    inside(*common, "--header", "none", "-o", tmp_path / "new.tsv")
    assert "--no-header" not in capsys.readouterr().err
    inside(*common, "--no-header", "-o", tmp_path / "old.tsv")
    assert capsys.readouterr().err.count("warning: --no-header is called --header none now\n") == 1
    inside("compare", "-q", *common[1:], "--no-header", "--header", "none", "-o", tmp_path / "both.tsv")
    assert capsys.readouterr().err == ""
    new = (tmp_path / "new.tsv").read_bytes()
    assert new == (tmp_path / "old.tsv").read_bytes() == (tmp_path / "both.tsv").read_bytes()


def test_the_older_spelling_contradicts_another_header(run):
    finished = run("compare", GOLDEN / "reb1.meme", "-", "--no-header", "--header", "columns")
    assert (finished.code, finished.out) == (2, b"")
    assert "--no-header and --header columns exclude each other" in finished.err


def test_python_has_the_header_too(tmp_path):
    for mode, first in (("columns", "#query\t"), ("none", "REB1\t")):
        seqnet.compare(
            GOLDEN / "reb1.meme", GOLDEN / "reb1.meme", q_value=1, output=tmp_path / mode, header=mode
        )
        assert (tmp_path / mode).read_text().startswith(first)
    with pytest.raises(UsageError, match="header is 'some'; expected 'full', 'columns', 'none'"):
        seqnet.compare(GOLDEN / "reb1.meme", GOLDEN / "reb1.meme", output=tmp_path / "x", header="some")
    assert not (tmp_path / "x").exists()
