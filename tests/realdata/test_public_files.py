"""Public files parse whole and hold what their READMEs state."""

import numpy as np
import pytest

from seqnet.formats.motifs.any_format import read_motifs
from seqnet.formats.regions.bed import read_bed
from seqnet.formats.sequences.fasta import read_genome, read_sequences
from seqnet.formats.tracks.bigwig import open_bigwig
from seqnet.genome.intervals import inside
from seqnet.motifs.background import UNIFORM
from seqnet.motifs.matrix import to_pssm
from seqnet.motifs.scan import make_scanner, scan_blocks

pytestmark = pytest.mark.realdata


@pytest.fixture(scope="module")
def yeast(real_data):
    return read_genome(str(real_data / "yeast_R64" / "sacCer3.fa.gz"))


def test_the_yeast_genome(real_data, yeast):
    sizes = (real_data / "yeast_R64" / "sacCer3.chrom.sizes").read_text().split()
    assert yeast.lengths == dict(zip(sizes[::2], map(int, sizes[1::2]), strict=True))
    pyfaidx = pytest.importorskip("pyfaidx")
    reference = pyfaidx.Fasta(
        str(real_data / "yeast_R64" / "sacCer3.fa.gz"), build_index=False, rebuild=False
    )
    for name in ("chrI", "chrM"):
        letters = np.frombuffer(str(reference[name][:]).upper().encode(), dtype=np.uint8)
        assert np.array_equal(np.frombuffer(b"ACGTN", dtype=np.uint8)[yeast.codes[name]], letters)


def test_every_peak_set_of_yeast(real_data, yeast):
    files = sorted((real_data / "yeast_R64" / "chexmix_peaks").glob("*.bed"))
    tables = [read_bed(str(path)) for path in files]
    assert len(tables) == 390
    assert sum(map(len, tables)) == 178_370
    assert all(inside(table.intervals, yeast.lengths).all() for table in tables)


def test_small_genomes_parse(real_data):
    folder = real_data / "small_genomes"
    (ecoli,) = read_sequences(str(folder / "GCF_000005845.2_ASM584v2_genomic.fna.gz"))
    assert len(ecoli.codes) == 4_641_652
    (virus,) = read_sequences(str(folder / "lambda_virus.fa.gz"))
    assert len(virus.codes) == 48_502


def test_bigwigs_with_known_values(real_data):
    import pyBigWig

    path = str(real_data / "bams_reads" / "bigtools_valid.bigWig")
    with open_bigwig(path) as reader, pyBigWig.open(path) as direct:
        assert reader.lengths == dict(direct.chroms())
        covered = 0
        for contig, length in reader.lengths.items():
            for start in range(0, length, 10_000_000):
                end = min(length, start + 10_000_000)
                covered += int((~np.isnan(reader.values(contig, start, end))).sum())
        assert covered == 137_894 == direct.header()["nBasesCovered"]


def test_hits_on_yeast_equal_moods(yeast, real_data):
    moods_scan = pytest.importorskip("MOODS.scan")
    found = read_motifs(str(real_data / "yeast_R64" / "motifs" / "yeast_uniprobe_GR09.meme"))
    codes = yeast.codes["chrI"]
    text = np.frombuffer(b"ACGTN", dtype=np.uint8)[codes].tobytes().decode()
    for motif in found.motifs[:10]:
        scanner = make_scanner(to_pssm(motif, UNIFORM), p_value=1e-4)
        if not scanner.reachable:
            continue
        from seqnet.genome.sequence import SequenceBlock
        from seqnet.motifs.matrix import reverse_complement_matrix

        ours = set()
        for _, hits in scan_blocks([SequenceBlock("chrI", 0, codes, last=True)], [scanner]):
            ours |= set(zip(hits.start.tolist(), hits.strand.tolist(), strict=True))
        scores = scanner.pssm.scores
        matrices = [m.T.tolist() for m in (scores, reverse_complement_matrix(scores))]
        # a hair below, for sums in another order
        rows = moods_scan.scan_dna(text, matrices, [0.25] * 4, [scanner.thresholds[0] - 1e-9] * 2, 7)
        theirs = {(hit.pos, strand) for strand, hits in zip((1, -1), rows, strict=True) for hit in hits}
        assert ours == theirs
