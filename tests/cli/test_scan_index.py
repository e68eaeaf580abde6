"""``scan --regions`` by the index of the genome."""

import os
import time
from pathlib import Path

import numpy as np
import pysam
import pytest

from tests.cli.test_scan_command import PSSM


@pytest.fixture(scope="module")
def genome(tmp_path_factory):
    """A genome that is large beside a few regions, two thirds of it in lower case, without an index."""
    rng = np.random.default_rng(5)
    path = tmp_path_factory.mktemp("genome") / "g.fa"
    with path.open("w") as stream:
        for name in ("chr2", "chr1"):
            bases = "".join(rng.choice(list("ACGT"), 900_000))
            pieces = [bases[i : i + 1000] for i in range(0, len(bases), 1000)]
            bases = "".join(piece.lower() if i % 3 else piece for i, piece in enumerate(pieces))
            stream.write(f">{name}\n" + "".join(f"{bases[i : i + 70]}\n" for i in range(0, 900_000, 70)))
    return path


@pytest.fixture
def plain(genome, tmp_path):
    path = tmp_path / "g.fa"
    path.write_bytes(genome.read_bytes())
    return path


@pytest.fixture
def regions(tmp_path):
    path = tmp_path / "r.bed"
    path.write_text("chr1\t500000\t520000\nchr2\t70\t30000\nchr1\t510000\t530000\n")
    return path


def indexed(path, compressed):
    target = f"{path}.gz" if compressed else str(path)
    if compressed:
        pysam.tabix_compress(str(path), target)
    pysam.faidx(target)
    return target


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize(
    "options",
    [[], ["--soft-mask", "mask"], ["--per-sequence"], ["--chroms", "chr1", "--on-bad", "skip"]],
    ids=["hits", "soft mask", "per sequence", "chroms"],
)
def test_the_output_is_that_without_an_index(
    prepared, plain, regions, seqnet_ok, tmp_path, options, compressed
):
    args = ["scan", prepared / PSSM, "--regions", regions, "--no-header", "--p-value", 1e-3, *options]
    if "--per-sequence" in options:
        args = [value for value in args if value not in ("--p-value", 1e-3)]
    expected = seqnet_ok(*args, "--genome", plain)
    found = seqnet_ok(*args, "--genome", indexed(plain, compressed))
    assert found.out == expected.out
    assert len(found.rows) > 1
    assert "the whole genome" not in found.err


def test_the_index_is_what_is_read(prepared, plain, regions, seqnet_ok, tmp_path):
    path = Path(indexed(plain, compressed=False))
    data = bytearray(path.read_bytes())
    data[-1000] = ord("!")  # far from the regions: only who reads all of it will meet it
    path.write_bytes(data)
    later = time.time() + 10
    os.utime(f"{path}.fai", (later, later))
    assert seqnet_ok("scan", prepared / PSSM, "--genome", path, "--regions", regions, "--p-value", 1e-3).rows


def test_an_index_that_does_not_fit_is_left_alone_with_a_note(prepared, plain, regions, seqnet_ok):
    args = ["scan", prepared / PSSM, "--regions", regions, "--p-value", 1e-3, "--genome"]
    expected = seqnet_ok(*args, plain)
    path = indexed(plain, compressed=False)
    index = Path(f"{path}.fai")
    right = index.read_text()
    for wrong, reason in (
        (right.replace("\t70\t71", "\t69\t70"), "does not have chr1 where"),
        ("nonsense\n", "is not an index"),
        (right.replace("chr1", "chr3"), ""),
    ):
        index.write_text(wrong)
        found = seqnet_ok(*args, path)
        assert found.out == expected.out
        assert reason in found.err
    index.write_text(right)
    os.utime(index, (1, 1))
    found = seqnet_ok(*args, path)
    assert found.out == expected.out
    assert found.err.count("g.fa.fai is older than its FASTA file; the whole genome is read instead") == 1


def test_what_is_wrong_with_regions_is_said_as_without_an_index(prepared, plain, run, tmp_path):
    bad = tmp_path / "bad.bed"
    for text in ("chr9\t1\t50\n", "chr1\t899990\t900020\n", "chr1\t50\t50\n"):
        bad.write_text(text)
        args = ["scan", prepared / PSSM, "--genome", plain, "--regions", bad]
        for index in plain.parent.glob("*.fai"):
            index.unlink()
        before = run(*args)
        indexed(plain, compressed=False)
        after = run(*args)
        assert before.code == after.code == 1
        assert before.err == after.err
