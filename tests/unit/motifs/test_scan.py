from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqnet.genome.alphabet import encode_text, one_hot, reverse_complement
from seqnet.genome.sequence import SequenceBlock
from seqnet.motifs.background import UNIFORM, Background
from seqnet.motifs.matrix import MotifInfo, Pssm
from seqnet.motifs.scan import (
    best_sites,
    both_strand_scores,
    make_scanner,
    reverse_window_scores,
    scan_blocks,
    track_blocks,
    window_scores,
)


def pssm_of(seed, width, background=UNIFORM, name="m"):
    scores = np.random.default_rng(seed).normal(0, 2, (width, 4))
    return Pssm(MotifInfo(name), scores, background)


def naive_score(codes, scores, start, strand):
    """The definition, in a plain loop of Python floats."""
    width = len(scores)
    window = codes[start : start + width]
    if strand < 0:
        window = reverse_complement(window)
    total = 0.0
    for column, code in zip(scores.tolist(), window.tolist(), strict=True):
        if code > 3:
            return None
        total += column[code]
    return total


def naive_hits(codes, scanners):
    """Every hit of the definition, sorted as scan sorts them."""
    found = []
    for number, scanner in enumerate(scanners):
        width = scanner.pssm.width
        for start in range(len(codes) - width + 1):
            for index, strand in enumerate((1, -1)):
                score = naive_score(codes, scanner.pssm.scores, start, strand)
                if score is None:
                    continue
                score = round(score, 9)
                if score >= round(scanner.thresholds[index], 9):
                    found.append((start, start + width, number, -strand, score))
    return [(start, number, -strand, score) for start, _, number, strand, score in sorted(found)]


def scanned(codes, scanners, sizes=(), threads=1):
    blocks, offset = [], 0
    for size in sizes:
        piece = codes[offset : offset + size]
        blocks.append(SequenceBlock("s", offset, piece, last=False))
        offset += len(piece)
    blocks.append(SequenceBlock("s", offset, codes[offset:], last=True))
    found = []
    for _, hits in scan_blocks(blocks, scanners, threads):
        found += zip(
            hits.start.tolist(), hits.motif.tolist(), hits.strand.tolist(), hits.score.tolist(), strict=True
        )
    return found


sequences = st.text("ACGTACGTACGTN", max_size=150).map(encode_text)


@given(
    sequences,
    st.integers(1, 20),
    st.integers(0, 99),
    st.lists(st.integers(1, 40), max_size=5),
    st.integers(1, 3),
)
def test_hits_are_those_of_the_definition_however_the_stream_is_cut(codes, width, seed, sizes, threads):
    scanners = [
        make_scanner(pssm_of(seed, width), score=0.5),
        make_scanner(pssm_of(seed + 1, max(1, width // 2)), score=1.0),
    ]
    assert scanned(codes, scanners, sizes, threads) == naive_hits(codes, scanners)


@given(sequences, st.integers(1, 30), st.integers(0, 99))
def test_thresholds_are_inclusive_to_the_bit(codes, width, seed):
    pssm = pssm_of(seed, width)
    scores = [s for s in window_scores(codes, pssm.scores) if s == s]
    if scores:
        threshold = round(max(scores), 9)
        hits = scanned(codes, [make_scanner(pssm, score=threshold)])
        assert any(score == threshold for *_, score in hits)
        assert all(score >= threshold for *_, score in hits)


@given(sequences, st.integers(1, 20), st.integers(0, 99))
def test_hits_of_the_reverse_complement_are_mirrored(codes, width, seed):
    scanner = make_scanner(pssm_of(seed, width), score=0.0)
    mirrored = [
        (len(codes) - width - start, motif, -strand, score)
        for start, motif, strand, score in scanned(reverse_complement(codes), [scanner])
    ]
    assert sorted(mirrored) == sorted(scanned(codes, [scanner]))  # scores equal to the bit


def test_scanning_is_the_convolution_of_the_one_hot_sequence():
    torch = pytest.importorskip("torch")
    codes = np.random.default_rng(0).integers(0, 4, 200).astype(np.uint8)
    scores = pssm_of(3, 9).scores
    signal = torch.from_numpy(one_hot(codes[None]).astype(np.float64))
    filters = torch.from_numpy(scores.T.copy())[None]
    convolved = torch.nn.functional.conv1d(signal, filters)[0, 0].numpy()
    assert window_scores(codes, scores) == pytest.approx(convolved, abs=1e-12)


def test_hits_at_both_ends_beside_n_and_on_a_sequence_as_long_as_the_motif():
    word = encode_text("ACGTT")
    scores = np.full((5, 4), -1.0)
    scores[np.arange(5), word] = 1.0
    scanner = make_scanner(Pssm(MotifInfo("m"), scores, UNIFORM), score=5.0)
    assert [hit[0] for hit in scanned(encode_text("ACGTT"), [scanner])] == [0]
    assert [hit[0] for hit in scanned(encode_text("ACGTTNACGTTNNACGTT"), [scanner])] == [0, 6, 13]
    assert scanned(encode_text("ACGT"), [scanner]) == []
    assert scanned(encode_text(""), [scanner]) == []


def test_windows_with_an_ambiguous_base_have_no_score():
    scores = pssm_of(1, 3).scores
    found = window_scores(encode_text("ACGNACG"), scores)
    assert np.isnan(found).tolist() == [False, True, True, True, False]
    assert np.isnan(reverse_window_scores(encode_text("ACGNACG"), scores)).tolist() == [
        False,
        True,
        True,
        True,
        False,
    ]


def test_each_strand_has_its_own_null_when_the_background_is_asymmetric():
    skewed = Background(np.array([0.7, 0.1, 0.1, 0.1]))
    scanner = make_scanner(pssm_of(2, 6, skewed), p_value=1e-2)
    assert scanner.thresholds[0] != scanner.thresholds[1]
    # P of the minus strand, by listing every word under the forward background
    words = np.stack(np.meshgrid(*[np.arange(4)] * 6, indexing="ij"), axis=-1).reshape(-1, 6).astype(np.uint8)
    chance = skewed.frequencies[words].prod(axis=1)
    for index, scores in enumerate(both_strand_scores(words, scanner.pssm.scores)):
        admitted = scores[:, 0] >= scanner.thresholds[index]
        assert 0.005 < chance[admitted].sum() <= 1e-2


def test_the_track_is_the_higher_strand_at_the_first_base():
    codes = encode_text("ACGTNACGTACGGT")
    pssm = pssm_of(5, 4)
    blocks = [SequenceBlock("s", 0, codes[:6], last=False), SequenceBlock("s", 6, codes[6:], last=True)]
    parts = [(block.offset, values) for block, values in track_blocks(blocks, pssm)]
    assert parts[1][0] == len(parts[0][1])
    found = np.concatenate([values for _, values in parts])
    expected = np.maximum(*both_strand_scores(codes, pssm.scores))
    np.testing.assert_array_equal(found, expected)


def test_best_sites():
    scanner = make_scanner(pssm_of(7, 5), score=0.0)
    records = [encode_text(s) for s in ("ACGTTACGGTCA", "NNNN", "AC", "ACGNTTACG")]
    best = best_sites(records, scanner)
    for row, codes in enumerate(records):
        every = [
            (naive_score(codes, scanner.pssm.scores, start, strand), -start, strand)
            for start in range(len(codes) - 4)
            for strand in (1, -1)
        ]
        every = [(round(entry[0], 9), *entry[1:]) for entry in every if entry[0] is not None]
        if every:
            score, place, strand = max(every)
            assert (best.score[row], best.start[row], best.strand[row]) == (score, -place, strand)
        else:
            assert np.isnan(best.score[row])
            assert best.start[row] == -1
        assert best.hits[row] == sum(score >= 0 for score, *_ in every)


def test_either_a_p_value_or_a_score():
    with pytest.raises(ValueError, match="a p-value or a score"):
        make_scanner(pssm_of(1, 3))
    with pytest.raises(ValueError, match="a p-value or a score"):
        make_scanner(pssm_of(1, 3), p_value=0.1, score=1)


@given(
    st.lists(st.text("ACGTN", min_size=0, max_size=40), min_size=1, max_size=12),
    st.integers(1, 60),
    st.integers(1, 9),
    st.integers(1, 2),
)
def test_short_records_searched_together_have_the_hits_of_each(texts, together, block, threads):
    scanners = [make_scanner(pssm_of(seed, width), score=0.0) for seed, width in ((1, 1), (2, 4), (3, 7))]
    blocks = [
        SequenceBlock(
            f"s{number}", start, encode_text(text[start : start + block]), start + block >= len(text)
        )
        for number, text in enumerate(texts)
        for start in range(0, max(1, len(text)), block)
    ]
    alone = list(scan_blocks(blocks, scanners))
    with patch("seqnet.motifs.scan._TOGETHER", together):
        found = list(scan_blocks(blocks, scanners, threads, at_once=False))
    assert len(alone) == len(found)
    for one, other in zip(alone, found, strict=True):
        assert one.block[:2] == other.block[:2]
        assert all(a.tobytes() == b.tobytes() for a, b in zip(one.hits, other.hits, strict=True))
