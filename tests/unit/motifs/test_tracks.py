import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqnet.genome.alphabet import encode_text, reverse_complement
from seqnet.genome.sequence import SequenceBlock
from seqnet.motifs.background import UNIFORM
from seqnet.motifs.matrix import MotifInfo, Pssm
from seqnet.motifs.scan import motif_tracks


def naive(codes, matrices, strand):
    """At each base the highest score of any motif's window that starts there."""
    values = np.full(max(0, len(codes) - min(map(len, matrices)) + 1), np.nan)
    for scores in matrices:
        for start in range(len(codes) - len(scores) + 1):
            window = codes[start : start + len(scores)]
            if (window > 3).any():
                continue
            plus, minus = (
                sum(column[code] for column, code in zip(scores.tolist(), read.tolist(), strict=True))
                for read in (window, reverse_complement(window))
            )
            score = {"+": plus, "-": minus, "max": max(plus, minus)}[strand]
            values[start] = np.fmax(values[start], score)
    return values


@pytest.mark.parametrize("strand", ["max", "+", "-"])
@given(
    codes=st.text("ACGTACGTACGTN", max_size=80).map(encode_text),
    widths=st.lists(st.integers(1, 8), min_size=1, max_size=3),
    seed=st.integers(0, 50),
    sizes=st.lists(st.integers(1, 30), max_size=4),
    threads=st.integers(1, 2),
)
def test_tracks_are_those_of_the_definition_however_the_stream_is_cut(
    strand, codes, widths, seed, sizes, threads
):
    draw = np.random.default_rng(seed)
    matrices = [draw.normal(0, 2, (width, 4)) for width in widths]
    matrices[0][0, 0] = -np.inf
    pssms = [Pssm(MotifInfo(f"m{i}"), scores, UNIFORM) for i, scores in enumerate(matrices)]
    blocks, offset = [], 0
    for size in sizes:
        piece = codes[offset : offset + size]
        blocks.append(SequenceBlock("x", offset, piece, last=False))
        offset += len(piece)
    blocks.append(SequenceBlock("x", offset, codes[offset:], last=True))
    found = np.full(len(codes), np.nan)
    end = 0
    for block, values in motif_tracks(blocks, pssms, [strand] * len(pssms), threads):
        assert block.offset == end
        found[end : end + len(values)] = values
        end += len(values)
    expected = naive(codes, matrices, strand)
    assert end == len(expected)
    np.testing.assert_array_equal(found[:end], expected)
