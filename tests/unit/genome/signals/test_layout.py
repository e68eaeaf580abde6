import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqnet.errors import SeqnetError
from seqnet.genome.intervals import make_intervals
from seqnet.genome.sequence import Genome
from seqnet.genome.signals.layout import needed_stretches, pack_genome, whole_contigs

LENGTHS = {"a": 7, "b": 0, "c": 12}


def test_contigs_lie_one_behind_the_other():
    packed = pack_genome(Genome({"x": np.array([0, 1], np.uint8), "y": np.array([3], np.uint8)}))
    assert packed.codes.tolist() == [0, 1, 3]
    assert packed.layout.offsets.tolist() == [0, 2, 3]
    assert len(pack_genome(Genome({})).layout) == 0


def there(places, row):
    """The items of the array that a window of 4 reaches."""
    start, low, high = (int(column[row]) for column in places)
    return [i for i in range(start, start + 4) if low <= i < high]


windows = st.lists(st.tuples(st.sampled_from("ac"), st.integers(-6, 16)), min_size=1, max_size=6)


@given(windows, st.integers(0, 3))
def test_places_are_those_of_the_bases(rows, reach):
    """A track that holds each base's own name tells where every window lies, whole or in stretches."""
    names = [name for name, _ in rows]
    starts = np.array([start for _, start in rows])
    intervals = make_intervals(names, starts, starts + 4)
    for layout in (whole_contigs(LENGTHS), needed_stretches(intervals, LENGTHS, reach)):
        pieces = layout.pieces
        held = [
            (name, i)
            for name, s, e in zip(pieces.contig_names(), pieces.start, pieces.end, strict=True)
            for i in range(s, e)
        ]
        assert len(held) == len(layout) == len(set(held))
        places = layout.places(intervals, reach)
        for moved in range(-reach, reach + 1):
            shifted = places._replace(start=places.start + moved)
            for row, (name, start) in enumerate(rows):
                expected = [
                    (name, i) for i in range(start + moved, start + moved + 4) if 0 <= i < LENGTHS[name]
                ]
                assert [held[i] for i in there(shifted, row)] == expected


def test_what_was_not_read_is_an_error():
    read = needed_stretches(make_intervals(["a", "c"], [2, 0], [5, 4]), LENGTHS)
    for name, start in (("a", 1), ("a", 3), ("c", 5), ("b", 0), ("z", 0)):
        with pytest.raises(SeqnetError, match=f"{name}:{start}-{start + 3} was not read"):
            read.places(make_intervals([name], [start], [start + 3]))
    with pytest.raises(SeqnetError, match="was not read"):
        read.places(make_intervals(["a"], [2], [5]), reach=1)
    with pytest.raises(SeqnetError, match="regions say 'z', which the genome does not have; it has a, b, c"):
        needed_stretches(make_intervals(["z"], [0], [3]), LENGTHS)
    assert len(read.places(make_intervals([], [], [])).start) == 0
    assert len(needed_stretches(make_intervals([], [], []), {})) == 0
