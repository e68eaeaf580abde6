"""Public motif collections parse whole, and hold what another reader finds in them."""

import gzip
import io

import numpy as np
import pytest
from Bio import motifs as biopython

from seqnet.errors import FormatError
from seqnet.formats.motifs.any_format import read_motifs, write_motifs
from seqnet.formats.motifs.sites import read_sites
from seqnet.motifs.matrix import MotifInfo, Pfm, Ppm, to_pfm, to_ppm
from seqnet.motifs.sites import count_sites

pytestmark = pytest.mark.realdata


def counts_of(record):
    """Return Biopython's counts as rows A C G T per position."""
    bases = [letter if letter in record.counts else "U" for letter in "ACGT"]
    return np.array([record.counts[base] for base in bases]).T


def check_against_biopython(found, records):
    """Compare numbers, whatever either side takes them for."""
    assert len(found) == len(records) > 0
    for motif, record in zip(found, records, strict=True):
        matrix = motif.counts if isinstance(motif, Pfm) else motif.probabilities
        expected = counts_of(record)
        if isinstance(motif, Ppm):
            expected = expected / expected.sum(axis=1, keepdims=True)
        np.testing.assert_allclose(matrix, expected, rtol=1e-15, atol=0)


@pytest.mark.parametrize(
    ("name", "count", "kind"),
    [("HOCOMOCOv11_HUMAN", 401, Pfm), ("ENCODE", 2065, Ppm), ("gimme.vertebrate.v5.0", 1796, Ppm)],
)
def test_collections_with_a_row_per_position(real_data, name, count, kind):
    path = real_data / "motifs" / f"{name}.pfm.gz"
    found = read_motifs(str(path))
    assert len(found.motifs) == count
    assert {type(motif) for motif in found.motifs} == {kind}
    rows = {}
    for line in gzip.decompress(path.read_bytes()).decode().splitlines():
        if line.startswith(">"):
            current = rows.setdefault(line[1:].split()[0], [])
        elif not line.startswith("#"):
            current.append([float(word) for word in line.split()[-4:]])
    assert [motif.info.name for motif in found.motifs] == list(rows)
    for motif in found.motifs:
        expected = np.array(rows[motif.info.name])
        if isinstance(motif, Pfm):
            assert np.array_equal(motif.counts, expected)
        else:  # printed with few digits
            np.testing.assert_allclose(motif.probabilities, expected, rtol=0, atol=0.02)


def test_jaspar_2024_in_transfac(real_data):
    path = real_data / "motifs" / "jaspar2024_core.transfac.gz"
    found = read_motifs(str(path)).motifs
    assert len(found) == 2346
    with gzip.open(path, "rt") as stream:
        records = biopython.parse(stream, "transfac", strict=False)
    check_against_biopython(found, records)
    for motif, record in zip(found, records, strict=True):
        assert (motif.info.name, motif.info.alt_name) == (record["AC"], " ".join(record["ID"].split()))
        assert motif.nsites == motif.counts.sum(axis=1).max()


@pytest.mark.parametrize(
    ("name", "count"), [("yetfasco_all", 1883), ("macisaac_yeast.v1", 124), ("yeast_uniprobe_GR09", 89)]
)
def test_meme_collections(real_data, caplog, name, count):
    path = real_data / "yeast_R64" / "motifs" / f"{name}.meme"
    found = read_motifs(str(path)).motifs
    assert len(found) == count
    blocks = path.read_text().split("letter-probability matrix:")[1:]
    for motif, block in zip(found, blocks, strict=True):
        lines = block.splitlines()
        width = int(lines[0].split("w=")[1].split()[0])
        assert motif.info.nsites == float(lines[0].split("nsites=")[1].split()[0])
        expected = np.array([[float(word) for word in line.split()] for line in lines[1 : width + 1]])
        np.testing.assert_allclose(motif.probabilities, expected, rtol=0, atol=0.02)
    # log-odds beside probabilities are passed over without a word
    assert {r.getMessage() for r in caplog.records} <= {f"{path}: some rows do not sum to 1; normalised"}


@pytest.mark.parametrize("name", ["jaspar2024_core.transfac.gz", "HOCOMOCOv11_HUMAN.pfm.gz"])
@pytest.mark.parametrize("motif_format", ["jaspar", "transfac", "tsv", "json"])
def test_collections_of_counts_survive_every_format_of_counts(real_data, tmp_path, name, motif_format):
    found = read_motifs(str(real_data / "motifs" / name))
    path = tmp_path / "again"
    with path.open("wb") as stream:
        write_motifs(stream, found, motif_format)
    again = read_motifs(str(path))
    for before, after in zip(found.motifs, again.motifs, strict=True):
        assert after.info == before.info
        assert np.array_equal(after.counts, before.counts)


# ---- Biopython's own examples ----------------------------------------------------------------


@pytest.fixture
def folder(real_data):
    return real_data / "biopython_motifs"


@pytest.mark.parametrize(
    ("name", "motif_format", "names"),
    [
        ("SRF.pfm", "pfm", ["SRF"]),
        ("REB1.pfm", "pfm", ["REB1"]),
        ("Arnt.sites", "sites", ["MA0004"]),
        ("clusterbuster.pfm", "clusterbuster", ["MA0004.1", "MA0006.1", "MA0008.1"]),
        ("clusterbuster.pfm.out", "clusterbuster", ["MA0004.1", "MA0006.1", "MA0008.1"]),
        ("MA0056.1.transfac", "transfac", ["MA0056.1"]),
        ("transfac.dat", "transfac", ["motif1", "motif2"]),
    ],
)
def test_counts_equal_biopython_s(folder, name, motif_format, names):
    found = read_motifs(str(folder / name)).motifs
    assert [motif.info.name for motif in found] == names
    options = {"strict": False} if motif_format == "transfac" else {}
    with (folder / name).open() as stream:
        check_against_biopython(found, list(biopython.parse(stream, motif_format, **options)))


@pytest.mark.parametrize("name", ["meme.out", "minimal_test.meme", "minimal_test_rna.meme"])
def test_meme_text_gives_biopython_s_rounded_counts(folder, name):
    found = read_motifs(str(folder / name))
    with (folder / name).open() as stream:
        records = biopython.parse(stream, "minimal")
        background = [records.background[base] for base in records.alphabet]
    assert found.background.frequencies == pytest.approx(np.array(background) / sum(background))
    for motif, record in zip(found.motifs, records, strict=True):
        assert motif.info.name == record.name
        assert float(motif.info.evalue or 0) == (record.evalue or 0)
        np.testing.assert_allclose(to_pfm(motif).counts, counts_of(record), rtol=0, atol=0.51)


def chunks(path, title):
    """Cut a file that mixes formats at its blank lines; drop comments."""
    found = [chunk for chunk in path.read_text().split("\n\n") if chunk.strip()]
    assert found[0].startswith(title)
    return ["".join(f"{row}\n" for row in chunk.splitlines() if not row.startswith("# ")) for chunk in found]


OTHER_FORMATS = {6: "UW.Motif", 7: "T   A   G   C"}  # places among the four-column examples


@pytest.mark.parametrize(
    ("name", "title", "motif_format", "count", "skipped"),
    [
        ("fourrows.pfm", "# hDPI", "pfm-four-rows", 9, {8: "base"}),
        ("fourcolumns.pfm", "# CIS-BP", "pfm-four-columns", 8, OTHER_FORMATS),
    ],
)
def test_matrices_of_many_sources_equal_biopython_s(
    folder, tmp_path, name, title, motif_format, count, skipped
):
    with pytest.raises(FormatError, match=name):  # they are several formats in one file
        read_motifs(str(folder / name))
    with (folder / name).open() as stream:
        records = list(biopython.parse(stream, motif_format))
    path = tmp_path / "one"
    texts = chunks(folder / name, title)[: len(records)]  # a line of entropies comes last
    assert len(texts) == len(records) == count
    for place, (text, record) in enumerate(zip(texts, records, strict=True)):
        path.write_text(text)
        if place in skipped:
            assert text.startswith(skipped[place])
            with pytest.raises(FormatError, match="one: is no motif file of a known format"):
                read_motifs(str(path))
            continue
        (motif,) = read_motifs(str(path)).motifs
        expected = counts_of(record)
        shares = expected / expected.sum(axis=1, keepdims=True)
        np.testing.assert_allclose(to_ppm(motif).probabilities, shares, rtol=0, atol=1e-15)
        if isinstance(motif, Pfm):
            assert np.array_equal(motif.counts, expected)


@pytest.mark.parametrize(
    "name",
    ["abdb.xms", "alignace.out", "mast.adh.de.oops.html.txt", "mast.crp0.de.oops.txt.txt", "README.md"],
)
def test_files_of_other_kinds_are_refused_in_a_line(folder, name):
    with pytest.raises(FormatError, match=f"{name}: is no motif file of a known format") as caught:
        read_motifs(str(folder / name))
    assert "\n" not in str(caught.value)


MA0004_1 = [[4, 19, 0, 0, 0, 0], [16, 0, 20, 0, 0, 0], [0, 1, 0, 20, 0, 20], [0, 0, 0, 0, 20, 0]]


def test_arnt_sites_give_jaspar_s_counts(folder):
    path = str(folder / "Arnt.sites")
    (motif,) = read_motifs(path).motifs
    assert motif.counts.T.tolist() == MA0004_1
    assert motif.info == MotifInfo("MA0004", nsites=20.0)
    counted = count_sites(read_sites(path).letters, MotifInfo("Arnt"))
    assert counted.pfm.counts.T.tolist() == MA0004_1
    assert (counted.used, counted.skipped) == (20, 0)
    buffer = io.BytesIO()
    write_motifs(buffer, read_motifs(path), "jaspar")
    assert buffer.getvalue().decode().splitlines()[1:] == [
        f"{base} [ {' '.join(map(str, row))} ]" for base, row in zip("ACGT", MA0004_1, strict=True)
    ]
