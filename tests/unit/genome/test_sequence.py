import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqnet.errors import SeqnetError
from seqnet.genome.alphabet import encode_text
from seqnet.genome.sequence import (
    EncodedSequence,
    Genome,
    PartialGenome,
    SequenceBlock,
    genome_from,
    join_blocks,
    overlap_blocks,
)


def cut(name, codes, sizes):
    """Cut a record into blocks of these sizes, the rest last."""
    blocks, offset = [], 0
    for size in sizes:
        piece = codes[offset : offset + size]
        if len(piece):
            blocks.append(SequenceBlock(name, offset, piece, last=False))
            offset += len(piece)
    return [*blocks, SequenceBlock(name, offset, codes[offset:], last=True)]


records = st.lists(
    st.tuples(st.binary(max_size=60), st.lists(st.integers(1, 20), max_size=6)), min_size=1, max_size=4
)


@given(records, st.integers(0, 15))
def test_every_window_starts_in_exactly_one_block(parts, overlap):
    blocks, expected = [], set()
    for number, (data, sizes) in enumerate(parts):
        codes = np.frombuffer(data, dtype=np.uint8)
        blocks += cut(str(number), codes, sizes)
        expected |= {(str(number), i) for i in range(len(codes) - overlap)}
    found = []
    for block in overlap_blocks(blocks, overlap):
        whole = np.frombuffer(parts[int(block.name)][0], dtype=np.uint8)
        assert np.array_equal(block.codes, whole[block.offset : block.offset + len(block.codes)])
        own = len(block.codes) - overlap  # windows of overlap + 1 bases that lie in the block
        found += [(block.name, block.offset + i) for i in range(own)]
    assert len(found) == len(set(found))
    assert set(found) == expected


@given(records)
def test_joining_blocks_gives_the_records_back(parts):
    blocks = [
        b for i, (data, sizes) in enumerate(parts) for b in cut(str(i), np.frombuffer(data, np.uint8), sizes)
    ]
    joined = list(join_blocks(blocks))
    assert [name for name, _ in joined] == [str(i) for i in range(len(parts))]
    assert [codes.tobytes() for _, codes in joined] == [data for data, _ in parts]


def test_a_genome_keeps_order_and_refuses_duplicates():
    sequences = [EncodedSequence("b", encode_text("ACG")), EncodedSequence("a", encode_text("TT"))]
    genome = genome_from(sequences, "g.fa")
    assert genome.lengths == {"b": 3, "a": 2}
    assert list(genome.restrict(["a"]).codes) == ["a"]
    with pytest.raises(SeqnetError, match=r"g\.fa: two sequences are named 'b'"):
        genome_from([*sequences, sequences[0]], "g.fa")
    with pytest.raises(SeqnetError, match="holds no sequences"):
        genome_from([], "g.fa")


def test_the_digest_is_md5_of_the_upper_case_letters():
    # printf ACGTN | md5sum
    genome = Genome({"c": encode_text("acgtn")})
    assert genome.digests() == {"c": "252fe4e1c9aa67ce660443056dfa3799"}


def test_stretches_of_a_part_are_those_of_the_whole():
    codes = encode_text("ACGTTGCAAC")
    whole = Genome({"a": codes})
    part = PartialGenome({"a": 10, "b": 5}, {"a": [(1, codes[1:4]), (6, codes[6:10])]})
    for start, end in ((1, 4), (2, 3), (6, 10), (9, 10)):
        assert part.stretch("a", start, end).tolist() == whole.stretch("a", start, end).tolist()
    for name, start, end in (("a", 0, 2), ("a", 3, 5), ("a", 3, 7), ("a", 9, 11), ("b", 0, 1)):
        with pytest.raises(IndexError, match="was not read"):
            part.stretch(name, start, end)


def test_a_record_of_many_blocks_leaves_the_blocks_alone():
    blocks = [SequenceBlock("a", i, np.full(1, i % 4, np.uint8), last=i == 99) for i in range(100)]
    (found,) = join_blocks(blocks)
    assert found.codes.tolist() == [i % 4 for i in range(100)]
    found.codes[:] = 4
    assert [int(block.codes[0]) for block in blocks] == [i % 4 for i in range(100)]
