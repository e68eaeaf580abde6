"""Seeded mutants of every kind of input: an error that names the file, or a documented result."""

import gzip
import random

import pytest

from seqnet.errors import SeqnetError
from seqnet.formats.bed import read_bed
from seqnet.formats.bigwig import open_bigwig
from seqnet.formats.fasta import read_genome
from seqnet.formats.kmer_table import read_kmer_table, write_kmer_npz, write_kmer_tsv
from seqnet.formats.meme import read_background
from seqnet.formats.model_file import read_model, write_model
from seqnet.formats.motifs import read_motifs
from seqnet.formats.scores import read_predictions
from seqnet.formats.sites import read_sites
from seqnet.genome.alphabet import encode_text
from seqnet.genome.sequence import EncodedSequence
from seqnet.kmers.counting import count_kmers
from seqnet.kmers.table import KmerSettings
from seqnet.networks.model import Model
from tests.conftest import EXAMPLE_DATA, ROOT

pytestmark = pytest.mark.fault
MUTANTS = 200
GOLDEN = ROOT / "tests" / "cli" / "golden"


def mutate(data: bytes, generator: random.Random) -> bytes:
    """Flip, cut, repeat, insert or swap a few bytes."""
    mutant = bytearray(data)
    for _ in range(generator.randint(1, 4)):
        place = generator.randrange(max(1, len(mutant)))
        kind = generator.randrange(6)
        if kind == 0 and mutant:
            mutant[place] = generator.randrange(256)
        elif kind == 1:
            del mutant[place : place + generator.randint(1, 20)]
        elif kind == 2:
            mutant[place:place] = mutant[place : place + generator.randint(1, 30)]
        elif kind == 3:
            mutant[place:place] = generator.choice(
                [b"\n", b"\t", b"-1", b"nan", b"1e999", b"\xff", b">", b"\0", b"="]
            )
        elif kind == 4:
            del mutant[place:]
        elif mutant:
            mutant[place] ^= 1 << generator.randrange(8)
    return bytes(mutant)


def kmer_bytes(writer):
    import io

    table = count_kmers([EncodedSequence("a", encode_text("ACGTTTGACA"))], KmerSettings(2))
    buffer = io.BytesIO()
    writer(buffer, table)
    return buffer.getvalue()


def model_bytes(folder):
    import numpy as np

    write_model(str(folder / "m"), Model({"tasks": ["A"]}, {"w": np.arange(8, dtype=np.float32)}))
    return (folder / "m").read_bytes()


TEXT = {
    "meme": (read_motifs, lambda _: (GOLDEN / "reb1.meme").read_bytes()),
    "pssm": (read_motifs, lambda _: (GOLDEN / "lecture.pssm").read_bytes()),
    "jaspar": (read_motifs, lambda _: (EXAMPLE_DATA / "motifs.jaspar").read_bytes()),
    "background": (read_background, lambda _: b"A 0.3\nC 0.2\nG 0.2\nT 0.3\n"),
    "sites": (read_sites, lambda _: (EXAMPLE_DATA / "sites.fa").read_bytes()[:600]),
    "narrowPeak": (read_bed, lambda _: (EXAMPLE_DATA / "peaks" / "CTCF.narrowPeak").read_bytes()[:600]),
    "labelled": (read_bed, lambda _: (GOLDEN / "labelled.bed").read_bytes()),
    "scores": (read_predictions, lambda _: (GOLDEN / "scores.tsv").read_bytes()),
    "fasta": (read_genome, lambda _: (EXAMPLE_DATA / "genome.fa").read_bytes()[:2000]),
    "fasta.gz": (read_genome, lambda _: gzip.compress((EXAMPLE_DATA / "genome.fa").read_bytes()[:2000])),
    "kmers.tsv": (read_kmer_table, lambda _: kmer_bytes(lambda s, t: write_kmer_tsv(s, t, {}))),
    "kmers.npz": (read_kmer_table, lambda _: kmer_bytes(write_kmer_npz)),
    "model": (read_model, model_bytes),
}


def refusal(reader, path) -> str:
    """Return the message a file is refused with, empty where it is read."""
    try:
        reader(str(path))
    except SeqnetError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("kind", TEXT)
def test_mutants_are_read_or_refused_by_name(tmp_path, kind):
    reader, make = TEXT[kind]
    data = make(tmp_path)
    path = tmp_path / "mutant"
    messages = []
    for seed in range(MUTANTS):
        path.write_bytes(mutate(data, random.Random(f"{kind} {seed}")))
        messages.append(refusal(reader, path))
    refused = [message for message in messages if message]
    assert len(refused) > MUTANTS // 10
    assert all(str(path) in message and "\n" not in message for message in refused)


def read_whole_bigwig(path):
    with open_bigwig(path) as reader:
        for contig, length in reader.lengths.items():
            reader.values(contig, 0, min(length, 300_000))


@pytest.mark.slow
def test_mutated_bigwigs_never_bring_the_reader_down(tmp_path):
    path = tmp_path / "mutant.bw"
    data = (EXAMPLE_DATA / "dnase.bw").read_bytes()
    messages = []
    for seed in range(MUTANTS):
        path.write_bytes(mutate(data, random.Random(f"bigwig {seed}")))
        messages.append(refusal(read_whole_bigwig, path))
    refused = [message for message in messages if message]
    assert len(refused) > MUTANTS // 10
    assert all(str(path) in message and "\n" not in message for message in refused)


def test_a_decompression_bomb_needs_bounded_memory(tmp_path):
    import resource
    import subprocess
    import sys

    bomb = tmp_path / "bomb.gz"
    with gzip.open(bomb, "wb", compresslevel=9) as stream:
        stream.write(b"x" * 10)
        for _ in range(600):
            stream.write(b"x" * (1 << 20))  # one line of 600 MB

    def cramped():
        resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))

    for args in (
        ["build-pwm", bomb],
        ["pssm", bomb],
        ["scan", GOLDEN / "reb1.meme", bomb],
        ["evaluate", bomb, "--labels", bomb],
    ):
        finished = subprocess.run(
            [sys.executable, "-m", "seqnet", *map(str, args)],
            capture_output=True,
            text=True,
            preexec_fn=cramped,
            check=False,
        )
        assert finished.returncode == 1
        assert "bomb.gz:1: " in finished.stderr
        assert finished.stderr.count("\n") == 1
