import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqnet.formats.hits.bed_hits import block_lines
from seqnet.genome.alphabet import encode_text
from seqnet.genome.sequence import SequenceBlock
from seqnet.motifs.background import UNIFORM
from seqnet.motifs.matrix import MotifInfo, Pssm
from seqnet.motifs.overlaps import best_of_sequences, better_strands, nonoverlapping
from seqnet.motifs.scan import make_scanner, scan_blocks


def scanners_of(seed, widths, score):
    """Motifs with few distinct scores, so that ties are common."""
    draw = np.random.default_rng(seed)
    return [
        make_scanner(Pssm(MotifInfo(f"m{i}"), draw.integers(-2, 3, (w, 4)).astype(float), UNIFORM), score=score)
        for i, w in enumerate(widths)
    ]  # fmt: skip


def cut(name, codes, sizes):
    blocks, offset = [], 0
    for size in sizes:
        piece = codes[offset : offset + size]
        blocks.append(SequenceBlock(name, offset, piece, last=False))
        offset += len(piece)
    return [*blocks, SequenceBlock(name, offset, codes[offset:], last=True)]


def rows(found, scanners):
    """(name, start, end, motif, strand, score) of every hit, and the words under them."""
    lines = [line.split("\t") for each in found for line in block_lines(each, scanners)]
    return [
        (f[0], int(f[1]), int(f[2]), int(f[3][1:]), 1 if f[5] == "+" else -1, float(f[6]), f[9])
        for f in lines
    ]


def all_hits(records, scanners):
    return rows(scan_blocks([b for n, c in records for b in cut(n, c, [])], scanners), scanners)


def naive_nonoverlapping(hits):
    kept = []
    for hit in sorted(hits, key=lambda h: (-h[5], h[1], -h[4], h[3])):
        if all(hit[0] != k[0] or hit[2] <= k[1] or k[2] <= hit[1] for k in kept):
            kept.append(hit)
    return [hit for hit in hits if hit in kept]


def naive_strands(hits):
    places = {}
    for hit in hits:
        old = places.get(hit[:4])
        if old is None or hit[5] > old[5] or (hit[5] == old[5] and hit[4] > old[4]):
            places[hit[:4]] = hit
    return [hit for hit in hits if places[hit[:4]] == hit]


def naive_best(hits):
    best = {}
    for hit in hits:
        key = hit[0], hit[3]
        if key not in best or (-hit[5], hit[1], -hit[4]) < (-best[key][5], best[key][1], -best[key][4]):
            best[key] = hit
    return [hit for hit in hits if best[hit[0], hit[3]] == hit]


RULES = {
    "nonoverlapping": (nonoverlapping, naive_nonoverlapping),
    "best-strand": (lambda found, _scanners: better_strands(found), naive_strands),
    "best": (best_of_sequences, naive_best),
}
sequences = st.text("ACGTACGTACGTACGTN", max_size=90).map(encode_text)


@pytest.mark.parametrize("rule", RULES)
@given(
    first=sequences,
    second=sequences,
    seed=st.integers(0, 99),
    widths=st.lists(st.integers(1, 9), min_size=1, max_size=3),
    score=st.sampled_from([-3.0, 1.0, 4.0]),
    sizes=st.lists(st.integers(1, 30), max_size=8),
)
def test_what_is_kept_is_what_the_definition_keeps_however_the_stream_is_cut(
    rule, first, second, seed, widths, score, sizes
):
    ours, definition = RULES[rule]
    scanners = scanners_of(seed, widths, score)
    records = [("x", first), ("y", second)]
    stream = [block for name, codes in records for block in cut(name, codes, sizes)]
    found = rows(ours(scan_blocks(stream, scanners), scanners), scanners)
    assert found == definition(all_hits(records, scanners))


def test_a_chain_of_ever_better_hits_is_decided_from_its_end():
    """Each hit meets a better one to its right, through many blocks."""
    scores = np.array([[0.0, 1, 2, 3], [0, 1, 2, 3]])
    scanner = make_scanner(Pssm(MotifInfo("m0"), scores, UNIFORM), score=0.0)
    codes = encode_text("A" * 20 + "C" * 20 + "G" * 20 + "T" * 21)
    found = rows(nonoverlapping(scan_blocks(cut("x", codes, [3] * 25), [scanner]), [scanner]), [scanner])
    assert found == naive_nonoverlapping(all_hits([("x", codes)], [scanner]))
    assert len(found) == 40


def test_little_is_carried_from_block_to_block():
    """Hits everywhere do not make memory grow with the sequence."""
    draw = np.random.default_rng(0)
    codes = draw.integers(0, 4, 20_000).astype(np.uint8)
    (scanner,) = scanners_of(1, [6], -99.0)
    blocks = cut("x", codes, [500] * 39)
    longest = max(len(each.block.codes) for each in nonoverlapping(scan_blocks(blocks, [scanner]), [scanner]))
    assert longest < 600
