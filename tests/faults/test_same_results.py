"""Results that do not depend on pieces, threads, a stale index, or contigs left out in silence."""

import os
import sys

import click
import pysam
import pytest

from tests.faults.lines import LEAVES, NAMES, TRAINING, ids, line, output_of
from tests.faults.processes import contents, finish
from tests.running import run_seqnet

pytestmark = pytest.mark.fault


def options_of(command):
    return {name for param in command.params if isinstance(param, click.Option) for name in param.opts}


OPTIONS = {names: options_of(command) for names, command in LEAVES}
THREADED = [names for names in NAMES if "--threads" in OPTIONS[names] and names not in TRAINING]
"""Commands whose results may not depend on the number of threads; that of training is part of its options."""


def run_in(folder, words):
    """Run a line in the folder ``work`` of `folder`; how it ended, and what is there."""
    (folder / "work").mkdir(parents=True, exist_ok=True)
    finished = run_seqnet(*words, cwd=folder / "work", env={"SEQNET_CACHE": str(folder / "cache")})
    return finished, contents(folder / "work")


# ---- pieces ------------------------------------------------------------------------------------

PIECES = {
    "seqnet.formats.sequences.fasta": {"BLOCK": 1 << 11},
    "seqnet.formats.files.temporary": {"BUFFER": 1 << 10},
    "seqnet.formats.regions.bed": {"_CHUNK": 7},
    "seqnet.formats.hits.bed_hits": {"PIECE": 13},
    "seqnet.formats.hits.hit_table": {"_BATCH": 11},
    "seqnet.formats.tracks.bigwig": {"WINDOW": 1 << 12, "_SHORT": 64, "_TOGETHER": 1 << 10},
    "seqnet.formats.tracks.bigwig_writer": {"_PIECE": 1 << 10, "_TOGETHER": 64},
    "seqnet.formats.tracks.bedgraph": {"_ROWS": 17},
    "seqnet.formats.kmers.kmer_table": {"VALUES_AT_ONCE": 1 << 10},
    "seqnet.genome.signals.tracks": {"STEP": 1 << 13},
    "seqnet.genome.sequence": {"_BATCH": 1 << 11},
    "seqnet.kernels.windows": {"BATCH": 1 << 10},
    "seqnet.kmers.counting": {"WORDS_AT_ONCE": 1 << 10, "RECORDS_AT_ONCE": 5},
    "seqnet.datasets.bins": {"_BATCH": 1 << 10},
    "seqnet.datasets.labels": {"_BATCH": 64},
    "seqnet.datasets.signals": {"_STRETCH": 1 << 12, "_CHUNK": 1 << 11},
    "seqnet.datasets.leakage": {"_ROWS": 33},
    "seqnet.inference.linear_predictor": {"_ROWS": 7},
    "seqnet.inference.terms.adding": {"_BASES_AT_ONCE": 1 << 10},
    "seqnet.motifs.scan": {"_TOGETHER": 1 << 10},
    "seqnet.pipeline.prediction.tiles": {"_ROWS_AT_ONCE": 9},
    "seqnet.kernels.word_edits": {"_BASES_AT_ONCE": 1 << 10},
    "seqnet.pipeline.variants.windows": {"BASES_AT_ONCE": 1 << 10},
    "seqnet.pipeline.inputs.model_inputs": {"_BASES_AT_ONCE": 1 << 12, "_SEQUENCES_AT_ONCE": 7},
    "seqnet.model_inputs.track_means": {"_WINDOWS_AT_ONCE": 5},
}
"""How much each module takes at a time, made so little that small inputs come in several pieces."""


def make_small(monkeypatch):
    """Set the sizes of pieces in every module that has them, by their own or another's name."""
    for home, sizes in PIECES.items():
        module = __import__(home, fromlist=["_"])
        for name, size in sizes.items():
            before = getattr(module, name)
            assert size < before
            for other in [m for key, m in sys.modules.items() if key.startswith("seqnet.")]:
                if getattr(other, name, None) == before and (other is module or not name.startswith("_")):
                    monkeypatch.setattr(other, name, size)


@pytest.mark.parametrize("names", NAMES, ids=ids)
def test_the_size_of_pieces_changes_no_byte(names, prepared, tmp_path, monkeypatch):
    words = line(names, prepared)
    before, expected = run_in(tmp_path / "large", words)
    make_small(monkeypatch)
    after, found = run_in(tmp_path / "small", words)
    assert (after.code, after.err) == (before.code, before.err)
    assert found == expected != {}


# ---- runs and threads --------------------------------------------------------------------------


@pytest.mark.parametrize("names", THREADED, ids=ids)
def test_four_threads_change_no_byte(names, prepared, tmp_path):
    results = [
        run_in(tmp_path / str(threads), [*line(names, prepared), "--threads", threads])[1]
        for threads in (1, 4)
    ]
    assert results[0] == results[1] != {}


@pytest.mark.parametrize("names", NAMES, ids=ids)
def test_two_processes_give_the_same_bytes(names, prepared, alone, tmp_path):
    """Each has hash seeds and addresses of its own."""
    finish(line(names, prepared), tmp_path)
    assert contents(tmp_path / "work") == alone(names).files


# ---- contigs and indices -----------------------------------------------------------------------

PLACES = {
    ("build-pwm",): ["{bed}", "--genome", "{genome}", "--width", 20],
    ("scan",): ["{pssm}", "--genome", "{genome}", "--regions", "{bed}", "--p-value", 0.01],
    ("kmer-featurize",): ["--regions", "{bed}", "--genome", "{genome}", "-k", 3],
    ("train", "linear"): ["--regions", "{rows}", "--genome", "{genome}", "-k", 3, "-o", "out.safetensors"],
    ("train", "dense"): ["--regions", "{rows}", "--genome", "{genome}", "-k", 3, "--epochs", 1,
                         "-o", "out.safetensors"],
    ("train", "cnn"): ["--regions", "{rows}", "--genome", "{genome}", "--preset", "lecture", "--epochs", 1,
                       "-o", "out.safetensors"],
    ("predict",): ["{cnn}", "--regions", "{rows}", "--genome", "{genome}"],
    ("evaluate",): ["--model", "{cnn}", "--regions", "{rows}", "--genome", "{genome}", "--split", "all"],
    ("explain",): ["{cnn}", "--regions", "{rows}", "--genome", "{genome}", "--max-rows", 2, "--task", "REB1",
                   "--shuffles", 2],
    ("discover",): ["{linear}", "--regions", "{rows}", "--genome", "{genome}", "--task", "REB1", "--shuffles", 1,
                    "--fdr", 0.5, "--min-seqlets", 2],
    ("variants",): ["{cnn}", "--saturation", "--regions", "{bed}", "--genome", "{genome}"],
    ("perturb",): ["{cnn}", "--regions", "{rows}", "--genome", "{genome}", "--insert", "{meme}"],
    ("coverage",): ["{bed}", "--genome", "{genome}", "--count", "fragments"],
    ("label",): ["{bed}", "--genome", "{genome}", "--width", 100],
    ("negatives",): ["{rows}", "--genome", "{genome}"],
    ("check",): ["{rows}", "--genome", "{genome}"],
    ("enrich",): ["{pssm}", "--regions", "{bed}", "--genome", "{genome}"],
}  # fmt: skip
"""Lines that read places of a genome."""


def place_line(names, prepared, genome, bed, rows):
    values = {
        "genome": genome, "bed": bed, "rows": rows, "cnn": prepared / "cnn.safetensors",
        "linear": prepared / "linear.safetensors", "pssm": prepared / "reb1.pssm", "meme": prepared / "reb1.meme",
    }  # fmt: skip
    words = [str(word).format(**values) for word in PLACES[names]]
    return [*names, *words, *([] if "-o" in words else ["-o", output_of(names)]), "-q"]


PEAKS = "chr1\t1000\t1100\nchr2\t2000\t2100\nchr3\t3000\t3100\nchr4\t500\t600\n"


def test_every_command_that_reads_places_of_a_genome_is_tried():
    assert set(PLACES) == {names for names in NAMES if "--genome" in OPTIONS[names]}


@pytest.mark.parametrize("names", PLACES, ids=ids)
def test_a_stale_index_whose_time_was_preserved_gives_no_foreign_bases(
    names, prepared, small_rows, tmp_path, monkeypatch
):
    """As ``cp -p`` and ``rsync -t`` leave it: another genome under the name, older than its index."""
    from seqnet.formats.sequences import fasta_index

    monkeypatch.setattr(fasta_index, "STRETCH_COST", 0)  # an index pays for a small genome too
    bed, genome = tmp_path / "p.bed", tmp_path / "g.fa"
    bed.write_text(PEAKS)
    text = (prepared.data / "genome.fa").read_text()
    genome.write_text(">chr0 one more\nACGT\n" + text)
    pysam.faidx(str(genome))
    words = place_line(names, prepared, genome, bed, small_rows)
    state = genome.stat()
    genome.write_text(text)
    os.utime(genome, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert (tmp_path / "g.fa.fai").stat().st_mtime_ns >= genome.stat().st_mtime_ns
    stale, found = run_in(tmp_path / "stale", words)
    (tmp_path / "g.fa.fai").unlink()
    fresh, expected = run_in(tmp_path / "fresh", words)
    assert (stale.code, fresh.code) in ((0, 0), (1, 1))
    assert found == expected
    assert found or (fresh.code, stale.err) == (1, fresh.err)


@pytest.mark.parametrize("names", PLACES, ids=ids)
def test_a_contig_that_the_genome_does_not_have_is_named_with_its_line(names, prepared, small_rows, tmp_path):
    bed, rows = tmp_path / "p.bed", tmp_path / "rows.bed"
    bed.write_text(PEAKS + "chrUn\t10\t110\n")
    last = small_rows.read_text().splitlines()[-1].split("\t")
    rows.write_text(small_rows.read_text() + "\t".join(["chrUn", "10", "110", *last[3:]]) + "\n")
    number = {path: len(path.read_text().splitlines()) for path in (bed, rows)}
    words = place_line(names, prepared, prepared.data / "genome.fa", bed, rows)
    finished, found = run_in(tmp_path, words)
    path = rows if str(rows) in words else bed
    if names == ("check",):  # that is what it reports
        assert finished.code == 1
        assert b"chrUn" in found["out.txt"]
        return
    assert (finished.code, finished.err.count("\n"), found) == (1, 1, {}), finished.err
    assert f"{path}:{number[path]}: " in finished.err
    assert "chrUn" in finished.err
