"""Coverage equals what samtools, bedtools and the published track say."""

import gzip
import shutil
import subprocess
from collections import Counter

import numpy as np
import pysam
import pytest

from seqnet.formats.tracks.bigwig import open_bigwig

pytestmark = [pytest.mark.realdata, pytest.mark.slow]
BAMS = "phiX.bam", "alignmentSieve.bam", "paired_chr2L.bam", "tiny.bam"
FILTERS = (0, 1796), (30, 1804)


def tool(name):
    return shutil.which(name) or pytest.skip(f"{name} is not installed")


def output_of(*command):
    return subprocess.run([*map(str, command)], capture_output=True, check=True).stdout.decode()


def intervals(text):
    """Intervals of a bedGraph that are not zero, neighbours of one value joined."""
    rows = [line.split("\t") for line in text.splitlines() if not line.startswith("#")]
    joined = []
    for contig, start, end, value in ((c, int(s), int(e), float(v)) for c, s, e, v in rows):
        if joined and joined[-1][0] == contig and joined[-1][2:] == [start, value]:
            joined[-1][2] = end
        elif value:
            joined.append([contig, start, end, value])
    return joined


def keep_whole_pairs(source, target):
    """Leave out reads whose mate is not in the file, an excerpt."""
    with (
        pysam.AlignmentFile(str(source)) as reads,
        pysam.AlignmentFile(str(target), "wb", template=reads) as out,
    ):
        kept = [read for read in reads.fetch(until_eof=True) if not read.flag & 1804]
        times = Counter(read.query_name for read in kept)
        for read in kept:
            if times[read.query_name] == 2:
                out.write(read)


def ours(seqnet_ok, *args):
    return intervals(seqnet_ok("coverage", *args, "-q", "--no-header").text)


@pytest.mark.parametrize("name", BAMS)
@pytest.mark.parametrize(("quality", "excluded"), FILTERS)
def test_reads_are_the_depth_of_samtools(real_data, seqnet_ok, tmp_path, name, quality, excluded):
    samtools = tool("samtools")
    kept, in_order = tmp_path / "kept.bam", tmp_path / "sorted.bam"
    path = real_data / "bams_reads" / name
    output_of(samtools, "view", "-b", "-q", quality, "-F", excluded, "-o", kept, path)
    output_of(samtools, "sort", "-o", in_order, kept)  # phiX.bam is not
    rows = map(str.split, output_of(samtools, "depth", "-g", 3844, in_order).splitlines())
    expected = intervals("".join(f"{c}\t{int(p) - 1}\t{p}\t{n}\n" for c, p, n in rows))
    args = ("--count", "reads", "--min-mapq", quality, "--exclude-flags", excluded)
    assert ours(seqnet_ok, path, *args) == expected
    assert expected


@pytest.mark.parametrize("name", ["alignmentSieve.bam", "paired_chr2L.bam"])
def test_reads_cuts_and_fragments_are_those_of_bedtools(real_data, seqnet_ok, tmp_path, name):
    samtools, bedtools = tool("samtools"), tool("bedtools")
    path, kept = tmp_path / "pairs.bam", tmp_path / "kept.bam"
    source = real_data / "bams_reads" / name
    # bedtools covers deletions whatever -ignoreD says, and takes a pair at its first mate, not at its left
    output_of(samtools, "view", "-b", "-F", 1804, "-e", 'cigar!~"D"', "-o", path, source)
    output_of(samtools, "view", "-b", "-q", 30, "-o", kept, path)

    def theirs(*args, bam=kept):
        return intervals(output_of(bedtools, "genomecov", "-bg", "-ibam", bam, *args))

    assert ours(seqnet_ok, path, "--count", "reads") == theirs("-split")
    for strand in "+-":
        cuts = ours(seqnet_ok, path, "--count", "cuts", "--shift", "0,0", "--strand", strand)
        assert cuts == theirs("-5", "-strand", strand)
    whole = tmp_path / "whole.bam"
    keep_whole_pairs(source, whole)
    assert ours(seqnet_ok, whole, "--count", "fragments", "--min-mapq", 0) == theirs("-pc", bam=whole)


def test_yeast_fragments_are_the_track_that_was_made_of_them(real_data, seqnet_ok, tmp_path):
    folder = real_data / "yeast_R64"
    fragments, sizes = folder / "atac" / "yeast_500k_SRR1822137.bedpe.gz", folder / "sacCer3.chrom.sizes"
    out = tmp_path / "x.bw"
    seqnet_ok("coverage", fragments, "--genome", sizes, "--count", "fragments", "-o", out)
    with open_bigwig(str(out)) as found, open_bigwig(str(folder / "atac" / "atac_500k_coverage.bw")) as made:
        for contig, length in made.lengths.items():
            expected = np.nan_to_num(made.values(contig, 0, length))
            assert np.array_equal(found.values(contig, 0, length), expected), contig


def test_fragments_of_bed_are_those_of_bedtools(real_data, seqnet_ok):
    bedtools = tool("bedtools")
    sizes = real_data / "yeast_R64" / "sacCer3.chrom.sizes"
    path = real_data / "yeast_R64" / "atac" / "yeast_500k_SRR1822137.bedpe.gz"
    rows = gzip.decompress(path.read_bytes())
    finished = subprocess.run(
        [bedtools, "genomecov", "-bg", "-i", "-", "-g", str(sizes)],
        input=rows,
        capture_output=True,
        check=True,
    )
    found = ours(seqnet_ok, path, "--genome", sizes, "--count", "fragments")
    same = sorted(found) == sorted(intervals(finished.stdout.decode()))  # theirs in the order of the rows
    assert same  # without a difference of a million lines
