"""Seeded mutants of every kind of input: an error that names the file, or a documented result."""

import gzip
import io
import random

import numpy as np
import pytest
from Bio.bgzf import BgzfWriter

from seqnet.errors import SeqnetError
from seqnet.formats import MOTIF_READERS, MOTIF_WRITERS
from seqnet.formats.files.opening import open_raw
from seqnet.formats.kmers.kmer_parquet import write_kmer_parquet
from seqnet.formats.kmers.kmer_table import read_kmer_table, write_kmer_npz, write_kmer_tsv
from seqnet.formats.models.model_file import read_model, write_model
from seqnet.formats.motifs.any_format import read_motifs, write_motifs
from seqnet.formats.motifs.background_file import read_background
from seqnet.formats.motifs.sites import SITE_FORMATS, read_sites
from seqnet.formats.reads.bam import open_bam
from seqnet.formats.regions.bed import read_bed
from seqnet.formats.regions.samples import read_samples
from seqnet.formats.results.scores import read_scores
from seqnet.formats.sequences.fasta import read_genome
from seqnet.formats.tracks.bigwig import open_bigwig
from seqnet.formats.variants.records import open_variants
from seqnet.formats.variants.writers import open_variant_output
from seqnet.genome.alphabet import encode_text
from seqnet.genome.sequence import EncodedSequence
from seqnet.genome.signals.alignments import ReadFilter, inside_contigs, read_spans
from seqnet.genome.signals.coverage import Pileup
from seqnet.genome.variants import encode_allele
from seqnet.kmers.counting import count_kmers
from seqnet.kmers.rows import KmerRows, sparse_rows
from seqnet.kmers.settings import KmerSettings
from seqnet.motifs.background import Background
from seqnet.motifs.matrix import MotifInfo, MotifSet, Pfm, Ppm, Pssm, to_ppm, to_pssm
from seqnet.motifs.sites import letter_shares
from seqnet.networks.model import Model
from tests.conftest import EXAMPLE_DATA, ROOT
from tests.unit.formats.reads.test_bam import CONTIGS, write_bam

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


def kmer_parquet(stream, table):
    rows = [KmerRows(table.names, sparse_rows(table.matrix))]
    write_kmer_parquet(stream, rows, table.features, table.settings)


def kmer_bytes(writer):
    table = count_kmers([EncodedSequence("a", encode_text("ACGTTTGACA"))], KmerSettings(("11",)))
    buffer = io.BytesIO()
    writer(buffer, table)
    return buffer.getvalue()


VCF = (
    b"##fileformat=VCFv4.2\n##contig=<ID=c1,length=99>\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
    + b"".join(b"c1\t%d\t.\tAC\tA,G\t.\t.\t.\n" % place for place in range(5, 45))
)


def read_variants(path):
    """Read all rows, and the alleles of each."""
    with open_variants(path) as opened:
        for record in opened.records:
            for allele in (record.ref, *record.alts):
                encode_allele(allele)


def model_bytes(folder):
    split = {"rows": 1, "contigs": []}
    header = {
        "kind": "cnn", "architecture": [], "tasks": ["A"], "input": {"type": "sequence", "width": 8},
        "strands": "both", "genome": {}, "splits": {"train": split, "valid": split, "test": split},
    }  # fmt: skip
    write_model(str(folder / "m"), Model(header, {"w": np.arange(8, dtype=np.float32)}))
    return (folder / "m").read_bytes()


def sound_motifs(path, motif_format=None):
    """Read motifs and make sure that whatever is accepted can be computed with."""
    found = read_motifs(path, motif_format)
    names = [motif.info.name for motif in found.motifs]
    assert all(names)
    assert len(set(names)) == len(names) > 0
    for motif in found.motifs:
        for number in (motif.info.nsites, motif.info.threshold):
            assert number is None or np.isfinite(number)
        assert motif.info.nsites is None or motif.info.nsites > 0
        if isinstance(motif, Pfm):
            assert (motif.counts >= 0).all()
            assert np.isfinite(motif.counts.sum(axis=1)).all()
        if isinstance(motif, Pssm):
            assert (motif.scores < np.inf).all()  # and so no NaN
        if not isinstance(motif, Pssm) or motif.ppm is not None:
            ppm = to_ppm(motif)
            assert ppm.width == motif.width
            assert (ppm.probabilities >= 0).all()
            assert np.allclose(ppm.probabilities.sum(axis=1), 1, rtol=0, atol=1e-8)


def sound_sites(path, sites_format=None):
    """Read sites and make sure that whatever is accepted can be counted."""
    sites = read_sites(path, sites_format)
    assert sites.letters.shape[0] == len(sites.names) > 0
    assert sites.letters.shape[1] > 0
    assert (letter_shares()[sites.letters].sum(axis=2) > 0).all()


def motif_bytes(motif_format, *, scored=False):
    """Return a small file of a format, with all that the format holds."""
    background = Background(np.array([0.3, 0.2, 0.2, 0.3]))
    counts = np.array([[4.0, 16, 0, 0], [19, 0, 1, 0], [0, 20, 0, 0.5], [1.25, 3, 2, 14]])
    info = MotifInfo("M1", "Arnt", 20.5, "1e-9", "http://x/M1", 5.5)
    motifs = [Pfm(info, counts), Pfm(MotifInfo("M2", nsites=20.0), counts[[1, 0, 3]])]
    if scored:
        motifs = [to_pssm(motif, background, "none") for motif in motifs]
    motifs.insert(1, Ppm(MotifInfo("M3"), np.array([[0.5, 0.5, 0, 0], [0.1, 0.2, 0.3, 0.4], [0, 1, 0, 0]])))
    buffer = io.BytesIO()
    kept = motifs[2:] if motif_format == "pfm" else motifs  # one, and not four by four
    write_motifs(buffer, MotifSet(tuple(kept), background), motif_format, {"command": "convert"})
    return buffer.getvalue()


RAW = b"# counts\n4 16 0 0\n19 0 1 0\n0 20 0 0.5\n1.25 3 2 14\n"
FASTA_SITES = b">a x\nACGTTC\n>b\nACGAT\nC\n>c\nAC-RTC\n>d\nTCGTTC\n"
MOTIF_SAMPLES = {
    **{name: motif_bytes(name) for name in MOTIF_WRITERS},
    "log-odds": b">M1 Arnt\n0.5\t0.5\t-1\t-0.5\n0.25\t-1\t1\t-1.5\n1.2\t-2\t0\t-1\n>M2\n0.4\t-0.7\t0.2\t-0.1\n",
    "meme-xml": (
        "<?xml version='1.0' encoding='UTF-8'?>\n<!DOCTYPE MEME[\n<!ELEMENT MEME (motifs)>\n]>\n<MEME>\n"
        '<training_set><alphabet><letter id="A" symbol="A"/><letter id="C" symbol="C"/><letter id="G" symbol="G"/>'
        '<letter id="T" symbol="T"/></alphabet></training_set>\n<motifs><motif id="m1" name="M1" width="2" sites="8"'
        ' e_value="1e-9"><probabilities><alphabet_matrix>\n'
        + 2
        * (
            "<alphabet_array>"
            + "".join(f'<value letter_id="{b}">0.25</value>\n' for b in "ACGT")
            + "</alphabet_array>"
        )
        + "</alphabet_matrix></probabilities></motif></motifs></MEME>\n"
    ).encode(),
    "sites": FASTA_SITES,
    "pfm-rows": RAW,
    "pfm-columns": RAW,
}
SITE_SAMPLES = {
    "fasta": FASTA_SITES,
    "lines": b"# sites\nACGTTC\nACGATC\nAC-RTC\nTCGTTC\n",
    "jaspar-sites": b">MA1 x 1\nacACGTTCt\n>MA1 x 2\nACGATCgg\n>MA1 x 3\ngACGTTC\n",
    "clustal": b"CLUSTAL W\n\na   ACG-T 5\nb   ACGAT 5\n    ***\n\na   TC\nb   TC\n",
    "stockholm": b"# STOCKHOLM 1.0\n#=GF ID x\na   ACG-TTC\nb   ACGATTC\n#=GC RF  .......\n//\n",
}
TEXT = {
    "background": (read_background, lambda _: b"A 0.3\nC 0.2\nG 0.2\nT 0.3\n"),
    "narrowPeak": (read_bed, lambda _: (EXAMPLE_DATA / "peaks" / "CTCF.narrowPeak").read_bytes()[:600]),
    "labelled": (read_bed, lambda _: (GOLDEN / "labelled.bed").read_bytes()),
    "samples": (read_samples, lambda _: b"task\tfile\tmin_score\trelaxed\nA\ta.bed\t5\tr.bed\nB\t.\t.\t.\n"),
    "scores": (read_scores, lambda _: (GOLDEN / "scores.tsv").read_bytes()),
    "fasta": (read_genome, lambda _: (EXAMPLE_DATA / "genome.fa").read_bytes()[:2000]),
    "fasta.gz": (read_genome, lambda _: gzip.compress((EXAMPLE_DATA / "genome.fa").read_bytes()[:2000])),
    "kmers.tsv": (read_kmer_table, lambda _: kmer_bytes(lambda s, t: write_kmer_tsv(s, t, {}))),
    "kmers.npz": (read_kmer_table, lambda _: kmer_bytes(write_kmer_npz)),
    "kmers.parquet": (read_kmer_table, lambda _: kmer_bytes(kmer_parquet)),
    "model": (read_model, model_bytes),
    "vcf": (read_variants, lambda _: VCF),
    "vcf.gz": (read_variants, lambda _: gzip.compress(VCF)),
    "variants.tsv": (read_variants, lambda _: b"chrom\tpos\tref\talt\nc1\t5\tA\tC\nc1\t9\tAC\tA,AG\n"),
}


MOTIFS = {
    **{name: (name, data) for name, data in MOTIF_SAMPLES.items()},
    **{f"{name}, scores": (name, motif_bytes(name, scored=True)) for name in ("meme", "tsv", "json")},
    "meme, a golden file": ("meme", (GOLDEN / "reb1.meme").read_bytes()),
    "meme, a golden PSSM": ("meme", (GOLDEN / "lecture.pssm").read_bytes()),
    "jaspar, example": ("jaspar", (EXAMPLE_DATA / "motifs.jaspar").read_bytes()),
}
SITES = {
    **{name: (name, data) for name, data in SITE_SAMPLES.items()},
    "fasta, example": ("fasta", (EXAMPLE_DATA / "sites.fa").read_bytes()[:600].rpartition(b">")[0]),
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


def test_every_reader_of_motifs_and_sites_has_mutants():
    assert set(MOTIF_SAMPLES) == set(MOTIF_READERS)
    assert set(SITE_SAMPLES) == set(SITE_FORMATS)


@pytest.mark.parametrize(
    ("reader", "samples", "kind"),
    [
        *((sound_motifs, MOTIFS, kind) for kind in MOTIFS),
        *((sound_sites, SITES, kind) for kind in SITES),
    ],
    ids=[*(f"motifs: {kind}" for kind in MOTIFS), *(f"sites: {kind}" for kind in SITES)],
)
def test_mutated_motifs_and_sites_are_sound_or_refused_by_name(tmp_path, reader, samples, kind):
    told, data = samples[kind]
    path = tmp_path / "mutant"
    path.write_bytes(data)
    reader(str(path), told)
    messages = []
    for seed in range(MUTANTS):
        path.write_bytes(mutate(data, random.Random(f"{kind} {seed}")))
        messages.append(refusal(lambda p: reader(p, told), path))
        refusal(reader, path)  # and recognised by content, whatever it looks like now
    refused = [message for message in messages if message]
    assert MUTANTS // 10 < len(refused) < MUTANTS
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


@pytest.mark.slow
@pytest.mark.parametrize("compressed", [True, False])
def test_mutated_bcf_never_brings_the_reader_down(tmp_path, compressed):
    with open_variant_output(str(tmp_path / "v.bcf")) as stream:
        stream.write(VCF)
    data = (tmp_path / "v.bcf").read_bytes()
    data = data if compressed else gzip.decompress(data)
    path = tmp_path / "mutant.bcf"
    messages = []
    for seed in range(MUTANTS // 2):
        path.write_bytes(mutate(data, random.Random(f"bcf {seed}")))
        messages.append(refusal(read_variants, path))
    refused = [message for message in messages if message]
    assert len(refused) > MUTANTS // 10
    assert all(str(path) in message and "\n" not in message for message in refused)


def count_reads(path):
    with open_raw(str(path)) as stream, open_bam(stream, str(path)) as bam:
        pileup = Pileup(list(bam.lengths.values()))
        for reads in bam.batches:
            spans = read_spans(reads, ReadFilter(0, 0, 0).keep(reads)).intervals
            pileup.add(inside_contigs(spans, list(bam.lengths.values()))[0])


@pytest.mark.parametrize("compressed", [True, False])
def test_mutated_bams_are_counted_or_refused_by_name(tmp_path, compressed):
    path = tmp_path / "mutant.bam"
    write_bam(
        path, [(f"r{i}", 16 * (i % 2), i % 2, i, 30, [(4, 2), (0, 20), (2, 3), (8, 9)], 0) for i in range(40)]
    )
    whole = path.read_bytes()
    data = whole if compressed else gzip.decompress(whole)
    messages = []
    for seed in range(MUTANTS):
        mutant = mutate(data, random.Random(f"bam {compressed} {seed}"))
        if compressed:
            path.write_bytes(mutant)
        else:
            with BgzfWriter(str(path), "wb") as stream:
                stream.write(mutant)
        messages.append(refusal(count_reads, path))
    refused = [message for message in messages if message]
    assert len(refused) > MUTANTS // 10
    assert all(str(path) in message and "\n" not in message for message in refused)


@pytest.mark.slow
def test_mutated_crams_never_bring_the_reader_down(tmp_path):
    fasta = tmp_path / "g.fa"
    fasta.write_text("".join(f">{name}\n{'A' * length}\n" for name, length in CONTIGS.items()))
    path = tmp_path / "mutant.cram"
    write_bam(
        path, [(f"r{i}", 0, 0, i, 30, [(0, 20)], 0) for i in range(40)], mode="wc", reference=str(fasta)
    )
    data = path.read_bytes()
    messages = []

    def convert(path):
        with open_raw(str(path)) as stream, open_bam(stream, str(path), reference=str(fasta)) as bam:
            list(bam.batches)

    for seed in range(MUTANTS):
        path.write_bytes(mutate(data, random.Random(f"cram {seed}")))
        messages.append(refusal(convert, path))
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
