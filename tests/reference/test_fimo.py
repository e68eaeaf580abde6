"""Hits that FIMO itself reported, with ``scan --preset fimo``."""

from pathlib import Path

import pytest

RECORDED = Path(__file__).with_name("fimo_hits.tsv")
NRDB = "0.281774,0.222020,0.228876,0.267330"
"""FIMO's default background: the bases of the NCBI non-redundant database."""
BASES = 12_000


@pytest.fixture
def corpus(example_data, tmp_path):
    """The first bases of each contig."""
    lines, length = [], 0
    for line in (example_data / "genome.fa").read_text().splitlines():
        length = 0 if line.startswith(">") else length
        if length < BASES:
            lines.append(line)
        length += 0 if line.startswith(">") else len(line)
    path = tmp_path / "corpus.fa"
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.mark.parametrize(("motifs", "p_value"), [(("CTCF", "REB1"), 1e-4), (("GATA1",), 1e-3)])
def test_hits_scores_and_p_values_are_those_of_fimo(
    seqnet_ok, example_data, corpus, tmp_path, motifs, p_value
):
    recorded = [line.split("\t") for line in RECORDED.read_text().splitlines() if not line.startswith("#")]
    expected = {tuple(row[:5]): row[5:] for row in recorded if row[0] in motifs}
    seqnet_ok("convert", example_data / "motifs.jaspar", "--to", "meme", "-q", "-o", tmp_path / "m.meme")
    chosen = [word for name in motifs for word in ("--motif", name)]
    line = ("scan", tmp_path / "m.meme", corpus, *chosen, "--preset", "fimo", "--background", NRDB)
    out = seqnet_ok(*line, "--p-value", p_value, "--to", "fimo").text.splitlines()[1:]
    found = {}
    for row in (line.split("\t") for line in out):
        found[row[0], *row[2:6]] = row[6:8]
    assert found.keys() == expected.keys()
    for place, (score, p) in expected.items():
        assert float(found[place][0]) == pytest.approx(float(score), rel=1e-5)  # FIMO's has six digits
        assert f"{float(found[place][1]):.3g}" == f"{float(p):.3g}"
