"""Errors of a file that is read while another is written name the one that is read."""

import gzip
import os
import random
import zlib

import pytest

from seqnet.errors import FormatError
from seqnet.formats.files.opening import open_output
from seqnet.formats.tracks.bigwig import open_bigwig, write_bigwig
from tests.conftest import EXAMPLE_DATA
from tests.running import run_seqnet

pytestmark = pytest.mark.fault
GENOME, MOTIFS = EXAMPLE_DATA / "genome.fa", EXAMPLE_DATA / "motifs.jaspar"
PEAKS, TRACK = EXAMPLE_DATA / "peaks" / "CTCF.narrowPeak", EXAMPLE_DATA / "dnase.bw"


def bgzf(data):
    """Return data as BGZF blocks and the empty last one."""
    blocks = []
    for at in [*range(0, len(data), 60_000), len(data)]:
        packer = zlib.compressobj(6, zlib.DEFLATED, -15)
        part = data[at : at + 60_000]
        packed = packer.compress(part) + packer.flush()
        head = bytes.fromhex("1f8b08040000000000ff0600424302 00".replace(" ", ""))
        size = (len(packed) + 25).to_bytes(2, "little")
        tail = zlib.crc32(part).to_bytes(4, "little") + len(part).to_bytes(4, "little")
        blocks.append(head + size + packed + tail)
    return b"".join(blocks)


def bam(reads):
    """Return a BAM file of reads on one contig, sorted."""
    text = b"@HD\tVN:1.6\tSO:coordinate\n"
    parts = [b"BAM\1", len(text).to_bytes(4, "little"), text, (1).to_bytes(4, "little"),
             (5).to_bytes(4, "little"), b"chr1\0", (300_000).to_bytes(4, "little")]  # fmt: skip
    generator = random.Random(0)
    for number in range(reads):
        fields = [0, number * 10, 5 | 60 << 8, 1 | 0 << 16, 50, 0xFFFFFFFF, 0xFFFFFFFF, 0]
        record = b"".join(field.to_bytes(4, "little") for field in fields)
        record += b"read\0" + (50 << 4).to_bytes(4, "little") + generator.randbytes(25) + bytes(50)
        parts.append(len(record).to_bytes(4, "little") + record)
    return bgzf(b"".join(parts))


@pytest.fixture(scope="module")
def broken(tmp_path_factory):
    """Inputs that end in their middle."""
    folder = tmp_path_factory.mktemp("broken")
    genome = GENOME.read_bytes()
    for name, data in {
        "g.fa.gz": gzip.compress(genome),
        "b.fa.gz": bgzf(genome),
        "r.bam": bam(20_000),
    }.items():
        (folder / f"whole.{name}").write_bytes(data)
        (folder / name).write_bytes(data[: 2 * len(data) // 3])
    (folder / "t.bw").write_bytes(TRACK.read_bytes()[: TRACK.stat().st_size // 3])
    return folder


LINES = [
    ("coverage {r}/r.bam --count reads -o {o}/o.bw", "r.bam"),
    ("coverage {r}/r.bam --count reads --normalize cpm -o {o}/o.bw", "r.bam"),
    ("coverage {r}/r.bam --count reads -o {o}/o.bedgraph.gz", "r.bam"),
    *[
        (line, genome)
        for genome in ("g.fa.gz", "b.fa.gz")
        for line in (
            f"scan {MOTIFS} {{r}}/{genome} --motif CTCF --track {{o}}/o.bw",
            f"scan {MOTIFS} {{r}}/{genome} -o {{o}}/o.bed.gz --index --tests {{o}}/o.tsv",
            f"scan {MOTIFS} --genome {{r}}/{genome} --regions {PEAKS} -o {{o}}/o.bed",
            f"kmer-featurize {{r}}/{genome} -k 3 -o {{o}}/o.npz",
            f"kmer-featurize {{r}}/{genome} -k 3 -o {{o}}/o.parquet",
            f"kmer-featurize {{r}}/{genome} -k 3 -o {{o}}/o.tsv.gz",
            f"background {{r}}/{genome} -o {{o}}/o.bg",
            f"label {PEAKS} --genome {{r}}/{genome} --width 50 -o {{o}}/o.bed --dropped {{o}}/d.tsv",
            f"negatives {{r}}/{genome} --shuffle dinucleotide -o {{o}}/o.fa.gz",
        )
    ],
    (f"label {PEAKS} --genome {GENOME} --width 50 --signal x={{r}}/t.bw -o {{o}}/o.bed", "t.bw"),
]


@pytest.mark.parametrize(("line", "name"), LINES)
def test_a_damaged_input_is_named_and_not_the_output(broken, tmp_path, line, name):
    if ".parquet" in line:
        pytest.importorskip("pyarrow")
    finished = run_seqnet(*line.format(r=broken, o=tmp_path).split(), "-q")
    assert (finished.code, finished.err.count("\n")) == (1, 1), finished.err
    assert f"error: {broken}/{name}: " in finished.err
    assert str(tmp_path / "o.") not in finished.err
    assert os.listdir(tmp_path) == []


def test_whole_files_of_the_kind_are_read(broken, tmp_path):
    for line in (LINES[0][0], LINES[3][0]):
        args = line.replace("{r}/", "{r}/whole.").format(r=broken, o=tmp_path).split()
        assert run_seqnet(*args, "-q").code == 0


@pytest.mark.parametrize("kind", ["bigwig", "text"])
@pytest.mark.parametrize("error", [FormatError("input.bam", "is cut off"), OSError(5, "error", "input.fa")])
def test_errors_inside_a_writer_pass_as_they_are(tmp_path, kind, error):
    path = str(tmp_path / "o.bw")
    opened = write_bigwig(path, {"c": 10}) if kind == "bigwig" else open_output(path)
    with pytest.raises(type(error)) as caught, opened:
        raise error
    assert caught.value is error
    assert getattr(error, "filename", None) in (None, "input.fa")


def test_a_system_error_that_names_no_file_does_not_get_the_output_s_name(tmp_path):
    """Such as one of a pipe that is read meanwhile."""
    with pytest.raises(OSError, match="error") as caught, write_bigwig(str(tmp_path / "o.bw"), {"c": 10}):
        raise OSError(5, "error")
    assert caught.value.filename is None


# ---- files of other kinds given as tracks ------------------------------------------------------

COVERAGE = "make a track of its reads with 'seqnet coverage'"


@pytest.fixture(scope="module")
def others(tmp_path_factory, broken):
    """Files that are no bigWig, and what is said of them."""
    folder = tmp_path_factory.mktemp("others")
    bed_graph = b"#comment\ntrack type=bedGraph\nchr1\t0\t100\t1.5\n"
    files = {
        "bam": ((broken / "whole.r.bam").read_bytes(), f"BAM; {COVERAGE}"),
        "cram": (b"CRAM\3\0rest", f"CRAM; {COVERAGE}"),
        "sam": (b"@HD\tVN:1.6\n", f"SAM; {COVERAGE}"),
        "bigbed": (bytes.fromhex("ebf28987") + bytes(100), "bigBed, which has intervals"),
        "bedgraph": (bed_graph, "bedGraph; convert it with bedGraphToBigWig"),
        "bedgraph.gz": (gzip.compress(bed_graph), "compressed bedGraph; convert it with bedGraphToBigWig"),
        "wig": (b"fixedStep chrom=chr1 start=1 step=1\n1\n", "wiggle text; convert it with wigToBigWig"),
        "bed": (PEAKS.read_bytes(), f"BED; if its rows are reads, {COVERAGE}"),
        "fasta": (GENOME.read_bytes(), "text"),
        "gz": (gzip.compress(TRACK.read_bytes()), "is a compressed bigWig file; decompress it first"),
        "empty": (b"", "is empty; expected bigWig"),
        "npz": (b"PK\x03\x04\0\0", "is not a bigWig file\n"),
        "damaged": (TRACK.read_bytes()[:200], "is damaged or cut off: it cannot be opened"),
    }
    for name, (data, _) in files.items():
        (folder / name).write_bytes(data)
    return folder, {name: said for name, (_, said) in files.items()}


@pytest.mark.parametrize(
    "name",
    [
        "bam",
        "cram",
        "sam",
        "bigbed",
        "bedgraph",
        "bedgraph.gz",
        "wig",
        "bed",
        "fasta",
        "gz",
        "empty",
        "npz",
        "damaged",
    ],
)
def test_a_track_of_another_kind_is_named_with_what_to_do(others, name):
    folder, said = others
    with pytest.raises(FormatError) as caught, open_bigwig(str(folder / name)):
        pass
    text = str(caught.value)
    assert text.startswith(f"{folder}/{name}: ")
    assert said[name] in text + "\n"


@pytest.mark.parametrize(
    "line",
    [
        "label {peaks} --genome {genome} --width 50 --signal x={f}",
        "train cnn --regions {rows} --genome {genome} --signal x={f} -o {o}/m.safetensors --device cpu",
        "train cnn --signal x={f} --target-track y={track} --preset coda -o {o}/m.safetensors --device cpu",
        "train cnn --signal x={track} --target-track y={f} --preset coda -o {o}/m.safetensors --device cpu",
        "check {peaks} --genome {genome} --signal x={f}",
    ],
)
def test_every_option_that_takes_a_track_names_reads(others, tmp_path, line):
    path, rows = others[0] / "bam", tmp_path / "rows.bed"
    head = "#chrom\tstart\tend\tname\tscore\tstrand\tsplit\tx\n"
    splits = ["train", "valid", "test"]
    rows.write_text(
        head + "".join(f"chr1\t{i}00\t{i}50\tr{i}\t.\t.\t{splits[i % 3]}\t{i % 2}\n" for i in range(1, 60))
    )
    args = line.format(peaks=PEAKS, genome=GENOME, track=TRACK, f=path, o=tmp_path, rows=rows).split()
    finished = run_seqnet(*args, "-q", env={"SEQNET_CACHE": str(tmp_path / "cache")})
    assert finished.code == 1, finished.err
    assert f"{path}: is not a bigWig file but BAM; {COVERAGE}" in finished.err + finished.text


def test_a_track_in_a_pipe_is_refused(tmp_path):
    os.mkfifo(tmp_path / "f")
    reader = os.open(tmp_path / "f", os.O_RDWR)
    with pytest.raises(FormatError, match="is a pipe or device"), open_bigwig(str(tmp_path / "f")):
        pass
    os.close(reader)
