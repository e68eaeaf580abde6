import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from seqnet.genome.alphabet import encode_text
from seqnet.genome.sequence import SequenceBlock, overlap_blocks
from seqnet.motifs.background import UNIFORM
from seqnet.motifs.matrix import MotifInfo, Pssm
from seqnet.motifs.scan import make_scanner, overlap_of
from seqnet.motifs.windows import WindowCounter, count_windows

sequences = st.text("ACGTACGTACGTN", max_size=120).map(encode_text)


def scanner(width, name="m"):
    return make_scanner(Pssm(MotifInfo(name), np.zeros((width, 4)), UNIFORM), score=1.0)


def naive(codes, width, starts):
    return sum(
        (codes[i : i + width] < 4).all() for i in range(min(starts, len(codes) - width + 1))
    )  # fmt: skip


@given(sequences, st.lists(st.integers(1, 12), min_size=1, max_size=3), st.integers(0, 130))
def test_windows_are_those_of_the_definition(codes, widths, starts):
    assert count_windows(codes, widths, starts).tolist() == [naive(codes, w, starts) for w in widths]


@given(sequences, sequences, st.lists(st.integers(1, 30), max_size=5))
def test_each_window_counts_once_on_each_strand_however_the_stream_is_cut(first, second, sizes):
    scanners = [scanner(3, "a"), scanner(7, "b"), scanner(3, "c"), scanner(1, "a")]
    blocks = []
    for name, codes in (("x", first), ("y", second)):
        offset = 0
        for size in sizes:
            blocks.append(SequenceBlock(name, offset, codes[offset : offset + size], last=False))
            offset += len(blocks[-1].codes)
        blocks.append(SequenceBlock(name, offset, codes[offset:], last=True))
    counter = WindowCounter(scanners)
    for block in overlap_blocks(blocks, overlap_of(scanners)):
        counter.add(block)
    by_width = {w: 2 * sum(naive(c, w, len(c)) for c in (first, second)) for w in (1, 3, 7)}
    assert counter.windows == {"a": by_width[3] + by_width[1], "b": by_width[7], "c": by_width[3]}


def test_no_scanner_is_no_row():
    counter = WindowCounter([])
    counter.add(SequenceBlock("x", 0, encode_text("ACGT"), last=True))
    assert counter.windows == {}
