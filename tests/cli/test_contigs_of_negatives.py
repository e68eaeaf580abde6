"""Which contigs genomic negatives come from."""

import numpy as np
import pytest

CHROMS = {"chr1": 30_000, "chr2": 30_000, "chrM": 30_000, "chrUn": 30_000}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("contigs")
    generator = np.random.default_rng(5)
    with (folder / "g.fa").open("w") as stream:
        for name, size in CHROMS.items():
            stream.write(f">{name}\n{''.join(generator.choice(list('ACGT'), size))}\n")
    with (folder / "p.bed").open("w") as stream:
        for contig in ("chr1", "chr2"):
            stream.writelines(f"{contig}\t{start}\t{start + 60}\n" for start in range(2000, 20_000, 1500))
    return folder


def negatives_of(finished):
    """Return the contigs of the negatives."""
    return {row[0] for row in finished.rows if row[3].startswith("neg_gc:")}


@pytest.fixture(params=["label", "negatives"])
def draw(request, folder, seqnet_ok):
    """Run a command that draws 24 negatives for 24 peaks."""

    def drawn(*options):
        width = ("--width", 60)
        return seqnet_ok(request.param, folder / "p.bed", "--genome", folder / "g.fa", *width, *options)

    return drawn


def test_negatives_come_from_contigs_that_hold_peaks_and_a_line_says_so(draw):
    finished = draw()
    assert negatives_of(finished) == {"chr1", "chr2"}
    line = (
        "negatives are drawn from the 2 contigs with peaks, not from the 2 without (--chroms chooses contigs)"
    )
    assert finished.err.count(line) == 1


def test_chosen_contigs_are_all_drawn_from(draw):
    finished = draw("--chroms", "chr1,chr2,chrM")
    assert negatives_of(finished) == {"chr1", "chr2", "chrM"}
    assert "negatives are drawn from" not in finished.err


def test_nothing_is_said_where_every_contig_holds_peaks(draw):
    assert "negatives are drawn from" not in draw("--chroms", "chr1,chr2").err


def test_contigs_whose_windows_are_all_on_the_blacklist_hold_no_peaks(folder, seqnet_ok):
    (folder / "black.bed").write_text("chr2\t0\t20000\n")
    finished = seqnet_ok(
        "label",
        folder / "p.bed",
        "--genome",
        folder / "g.fa",
        "--width",
        60,
        "--blacklist",
        folder / "black.bed",
    )
    assert negatives_of(finished) == {"chr1"}
