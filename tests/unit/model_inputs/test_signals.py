import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from seqnet.errors import SeqnetError
from seqnet.genome import alphabet
from seqnet.genome.intervals import make_intervals
from seqnet.genome.sequence import Genome
from seqnet.genome.signals.layout import needed_stretches, pack_genome, whole_contigs
from seqnet.genome.signals.tracks import DenseTrack, TrackGaps
from seqnet.model_inputs.inputs import GenomeInputs
from seqnet.model_inputs.signals import Replaced, SignalInputs, signal_inputs, window_means

CPU = torch.device("cpu")
LENGTHS = {"x": 30, "y": 9}
GENERATOR = np.random.default_rng(5)
SIGNAL = {
    kind: {name: GENERATOR.integers(-9, 99, n).astype(np.float32) for name, n in LENGTHS.items()}
    for kind in ("plus", "minus", "atac")
}
GENOME = Genome({name: GENERATOR.integers(0, 5, n).astype(np.uint8) for name, n in LENGTHS.items()})


def tracks(layout, half=False):
    pieces = layout.pieces
    rows = list(zip(pieces.contig_names(), pieces.start, pieces.end, strict=True))
    kind_of = np.float16 if half else np.float32
    return [
        DenseTrack(
            kind,
            np.concatenate([SIGNAL[kind][name][s:e] for name, s, e in rows]).astype(kind_of),
            layout,
            TrackGaps(0, ()),
        )
        for kind in ("plus", "minus", "atac")
    ]


def window(kind, contig, start, width, flip):
    values = SIGNAL[kind][contig]
    found = [float(values[i]) if 0 <= i < len(values) else 0.0 for i in range(start, start + width)]
    return found[::-1] if flip else found


rows_of_windows = st.lists(
    st.tuples(st.sampled_from("xy"), st.integers(-8, 35), st.booleans(), st.booleans(), st.integers(-3, 3)),
    min_size=1,
    max_size=6,
)


@given(rows_of_windows, st.integers(1, 10), st.booleans(), st.booleans(), st.booleans())
def test_windows_of_tracks_equal_slices(rows, width, stretches, half, stranded):
    names, start, minus, flip, shift = (list(column) for column in zip(*rows, strict=True))
    begins = np.array(start)
    intervals = make_intervals(names, begins, begins + width, np.where(minus, -1, 1))
    layout = needed_stretches(intervals, LENGTHS, 3) if stretches else whole_contigs(LENGTHS)
    sequence = GenomeInputs(pack_genome(GENOME), intervals, stranded=stranded)
    options = {"reach": 3, "stranded": stranded, "partners": (1, 0, 2)}
    fused = signal_inputs(tracks(layout, half), intervals, sequence=sequence, **options)
    alone = signal_inputs(tracks(layout, half), intervals, **options)
    every = np.arange(len(rows))
    arguments = every, CPU, np.array(flip), np.array(shift)
    batch = fused.batch(*arguments)
    assert batch.shape == (len(rows), 7, 1, width)
    assert batch.is_contiguous(memory_format=torch.channels_last)
    for row, (name, s, m, f, by) in enumerate(rows):
        turned = f ^ (m and stranded)
        kinds = ("minus", "plus", "atac") if turned else ("plus", "minus", "atac")
        expected = [window(kind, name, s + by, width, turned) for kind in kinds]
        assert batch[row, 4:, 0].tolist() == expected
    assert torch.equal(batch[:, :4], sequence.batch(*arguments))
    assert torch.equal(batch[:, 4:], alone.batch(*arguments))
    part = fused.subset(every[::-1])
    assert torch.equal(part.batch(every, CPU, np.array(flip)[::-1], np.array(shift)[::-1]), batch.flip(0))
    # what a GPU does, here on any device
    places = fused.places._replace(start=fused.places.start + np.array(shift))
    turned = np.array(flip) ^ (np.array(minus) & stranded)
    elsewhere = fused._gathered_on(
        CPU, places, turned, sequence.moved(every, np.array(flip), np.array(shift))
    )
    assert torch.equal(elsewhere.permute(0, 2, 1), batch[:, :, 0])


def test_on_a_device(device):
    intervals = make_intervals(["x", "y"], [3, -2], [9, 4])
    inputs = signal_inputs(
        tracks(whole_contigs(LENGTHS)), intervals, sequence=GenomeInputs(pack_genome(GENOME), intervals)
    )
    rows, flip = np.array([1, 0]), np.array([True, False])
    assert torch.equal(inputs.batch(rows, device, flip).cpu(), inputs.batch(rows, CPU, flip))
    assert len(inputs) == 2
    assert inputs.channels == 7
    assert alphabet.AMBIGUOUS not in inputs.batch(rows, CPU)[:, :4]


def test_what_does_not_fit_is_refused():
    whole = whole_contigs(LENGTHS)
    found = tracks(whole)
    intervals = make_intervals(["x"], [3], [9])
    inputs = signal_inputs(found, intervals, reach=2)
    assert isinstance(inputs, SignalInputs)
    with pytest.raises(ValueError, match="up to 3 bases; 2 were read"):
        inputs.batch(np.array([0]), CPU, None, np.array([-3]))
    with pytest.raises(SeqnetError, match="x:3-9 was not read"):
        signal_inputs(tracks(needed_stretches(intervals, LENGTHS)), intervals, reach=1)
    with pytest.raises(ValueError, match="pairs among the 3"):
        signal_inputs(found, intervals, partners=(1, 2, 0))
    with pytest.raises(ValueError, match="one layout"):
        signal_inputs([*found, *tracks(needed_stretches(intervals, LENGTHS))], intervals)
    other = GenomeInputs(pack_genome(GENOME), make_intervals(["x"], [3], [8]))
    with pytest.raises(ValueError, match="the same windows"):
        signal_inputs(found, intervals, sequence=other)


def test_replaced_channels_are_constants_and_the_others_as_they_were():
    intervals = make_intervals(["x", "x", "y"], [0, 9, 2], [6, 15, 8])
    inputs = signal_inputs(tracks(whole_contigs(LENGTHS)), intervals, partners=(1, 0, 2))
    arguments = np.array([2, 0]), CPU, np.array([True, False])
    replaced = Replaced(inputs, (0, 2), (0.5, -1.0))
    batch, whole = replaced.batch(*arguments), inputs.batch(*arguments)
    assert len(replaced) == 3
    assert (batch[:, 0] == 0.5).all()
    assert (batch[:, 2] == -1).all()
    assert torch.equal(batch[:, 1], whole[:, 1])
    part = replaced.subset(np.array([2])).batch(np.array([0]), CPU, np.array([True]))
    assert torch.equal(part[0], batch[0])


def test_means_of_windows_are_those_of_their_bases():
    intervals = make_intervals(["x", "y", "x"], [-2, 3, 4], [8, 13, 14], [1, -1, -1])
    inputs = signal_inputs(tracks(whole_contigs(LENGTHS)), intervals, stranded=True, partners=(1, 0, 2))
    expected = []
    for name, start, turned in (("x", -2, False), ("y", 3, True), ("x", 4, True)):
        kinds = ("minus", "plus", "atac") if turned else ("plus", "minus", "atac")
        expected.append([np.mean(window(kind, name, start, 10, turned)) for kind in kinds])
    assert window_means(inputs) == pytest.approx(np.array(expected), rel=1e-6)
