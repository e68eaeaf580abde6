"""Hits depend on the sequence alone: not on layout, order, compression, chunks, threads or neighbours."""

import gzip
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqnet.formats.sequences.fasta import read_blocks
from seqnet.motifs.background import Background
from seqnet.motifs.matrix import MotifInfo, Pssm
from seqnet.motifs.scan import make_scanner, scan_blocks

pytestmark = pytest.mark.usefixtures("kernels")

records = st.lists(st.text("ACGTACGTACGTacgtN", max_size=120), min_size=1, max_size=4)
layouts = st.tuples(
    st.integers(1, 80), st.sampled_from(["\n", "\r\n"]), st.booleans(), st.integers(1, 60), st.integers(1, 3)
)


@cache  # their p-values cost more than the scans
def scanners_of(seed):
    generator = np.random.default_rng(seed)
    background = Background(generator.dirichlet([5] * 4))
    pssms = [Pssm(MotifInfo(str(w)), generator.normal(0, 2, (w, 4)), background) for w in (2, 7, 13)]
    return [make_scanner(pssm, p_value=0.1) for pssm in pssms]


def scan_file(path, sequences, scanners, width, ending, compressed, block, threads):
    """Write records in some layout, scan the file, return hits by record."""
    text = ""
    for name, sequence in sequences:
        lines = [sequence[i : i + width] for i in range(0, len(sequence), width)]
        text += ending.join([f">{name}", *lines]) + ending
    path.write_bytes(gzip.compress(text.encode()) if compressed else text.encode())
    found = {name: [] for name, _ in sequences}
    for piece, hits in scan_blocks(read_blocks(str(path), block=block), scanners, threads):
        found[piece.name] += zip(*(column.tolist() for column in hits), strict=True)
    return found


@given(records, layouts, st.integers(0, 5), st.randoms())
def test_any_layout_gives_the_same_hits(tmp_path, sequences, layout, seed, shuffler):
    scanners = scanners_of(seed)
    named = [(f"r{i}", sequence) for i, sequence in enumerate(sequences)]
    plain = scan_file(tmp_path / "a.fa", named, scanners, 60, "\n", False, 1 << 20, 1)
    shuffled = shuffler.sample(named, len(named))
    assert scan_file(tmp_path / "b.fa", shuffled, scanners, *layout) == plain
    for name, sequence in named:  # alone as in company, and whatever the case
        alone = scan_file(tmp_path / "c.fa", [(name, sequence.upper())], scanners, *layout)
        assert alone == {name: plain[name]}


@given(records, st.integers(0, 5))
def test_every_reported_p_value_is_within_the_threshold(tmp_path, sequences, seed):
    scanners = scanners_of(seed)
    named = [(f"r{i}", sequence) for i, sequence in enumerate(sequences)]
    for hits in scan_file(tmp_path / "a.fa", named, scanners, 60, "\n", False, 50, 1).values():
        assert all(p_value <= 0.1 for *_, p_value in hits)
        assert hits == sorted(hits, key=lambda h: (h[0], h[0] + (2, 7, 13)[h[1]], h[1], -h[2]))
