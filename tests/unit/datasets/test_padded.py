import itertools
from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from seqnet.datasets.padded import pad_sequences, shuffle_padded
from seqnet.genome.alphabet import decode, encode_text
from seqnet.model_inputs.inputs import one_hot_tensor, ragged_inputs

SEQUENCES = st.lists(st.text("ACGTN", min_size=1, max_size=30), min_size=1, max_size=8)


def padded(texts, length=None):
    return pad_sequences([encode_text(text) for text in texts], length)


def test_rows_by_hand():
    assert [decode(row) for row in padded(["ACGTA", "AC", "ACG"]).codes] == ["ACGTA", "NACNN", "NACGN"]
    cropped = padded(["ACGTA", "ACGT"], 2)
    assert [decode(row) for row in cropped.codes] == ["CG", "CG"]
    assert cropped.cropped == 2


@given(SEQUENCES, st.integers(1, 40))
def test_rows_are_what_the_data_path_gathers(texts, length):
    import torch

    rows = padded(texts, length)
    inputs = ragged_inputs([encode_text(text) for text in texts], length)
    gathered = inputs.batch(np.arange(len(texts)), torch.device("cpu"))
    assert torch.equal(one_hot_tensor(torch.from_numpy(rows.codes)), gathered)
    assert rows.inside.sum() == sum(min(length, len(text)) for text in texts)


@given(SEQUENCES, st.integers(0, 2**32), st.integers(0, 99))
def test_shuffles_keep_place_and_dinucleotides(texts, seed, epoch):
    rows = padded(texts)
    shuffled = shuffle_padded(rows, seed, epoch)
    assert (shuffled.codes[~rows.inside] == 4).all()
    for before, after, inside in zip(rows.codes, shuffled.codes, rows.inside, strict=True):
        old, new = before[inside], after[inside]
        assert Counter(itertools.pairwise(old)) == Counter(itertools.pairwise(new))
    again = shuffle_padded(rows, seed, epoch)
    assert np.array_equal(again.codes, shuffled.codes)


def test_epochs_and_seeds_give_other_shuffles():
    rows = padded(["ACGTTGCATGCCATAGACCATTAGACGATTACCA" * 3] * 4)
    found = {shuffle_padded(rows, seed, epoch).codes.tobytes() for seed in (0, 1) for epoch in (1, 2)}
    assert len(found) == 4
    assert not np.array_equal(*shuffle_padded(rows, 0, 1).codes[:2])
