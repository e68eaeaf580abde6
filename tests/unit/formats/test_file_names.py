"""Files are named after: suffixes of formats and compressions come off, all else stays."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqnet.commands.options.inputs import named_files
from seqnet.formats import MOTIF_WRITERS, file_stem
from seqnet.formats.motifs.any_format import read_motifs
from seqnet.pipeline.labels.drawing import task_name

CISBP = "Pos\tA\tC\tG\tT\n1\t0.25\t0.75\t0\t0\n2\t0\t0\t0.5\t0.5\n"
UNIPROBE = "A:\t0.25\t0\nC:\t0.75\t0.125\nG:\t0\t0.375\nT:\t0\t0.5\n"
RAW = "1 2 3\n4 5 6\n7 8 9\n1 1 1\n"
NAMES = [
    ("MA0004.1.pfm", "MA0004.1"),
    ("M11070_2.00.txt", "M11070_2.00"),
    ("folder.d/UP00001.2_b.pwm.gz", "UP00001.2_b"),
    ("MA0004.1", "MA0004.1"),
    ("MA0004.1.PFM", "MA0004.1"),
    ("v1.2.3.meme.txt.xz", "v1.2.3"),
    ("ChIPseq.GM12878.SPI1.conservative.train.narrowPeak.gz", "ChIPseq.GM12878.SPI1.conservative.train"),
    ("ENCFF002.bed.narrowPeak.gz", "ENCFF002"),
    ("H3K27ac.rep1.fc.bigWig", "H3K27ac.rep1.fc"),
    (".bed", ".bed"),
    ("a.unknown", "a.unknown"),
]


@pytest.mark.parametrize(("path", "name"), NAMES)
def test_known_suffixes_alone_come_off(path, name):
    assert file_stem(path) == name
    assert task_name(path) == name
    assert named_files(None, None, [path])[0].name == name


@given(
    st.from_regex(r"\A[A-Za-z0-9_]+(\.[0-9]{1,4})*\Z"),
    st.sampled_from([s for writer in MOTIF_WRITERS.values() for s in writer.suffixes]),
    st.sampled_from(["", ".gz", ".bgz", ".bz2", ".xz"]),
)
def test_versions_in_names_survive_every_suffix(name, suffix, compression):
    assert file_stem(f"a.b/{name}{suffix}{compression}") == name


@pytest.mark.parametrize("text", [CISBP, UNIPROBE, RAW])
@pytest.mark.parametrize("path", ["MA0004.1.pfm", "M11070_2.00.txt", "M1_2.00"])
def test_a_motif_without_a_name_has_its_file_s(tmp_path, text, path):
    (tmp_path / path).write_text(text)
    (motif,) = read_motifs(str(tmp_path / path)).motifs
    assert motif.info.name == file_stem(path)
