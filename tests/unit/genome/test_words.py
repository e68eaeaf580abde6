from itertools import product

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from seqnet.genome.alphabet import decode, encode_text, reverse_complement
from seqnet.genome.words import reverse_complement_words, word_name, word_numbers


def test_numbers_are_base_four_and_skip_ambiguity():
    assert word_numbers(encode_text("ACGNTT"), 2).tolist() == [1, 6, -1, -1, 15]
    assert word_numbers(encode_text("A"), 2).tolist() == []


@given(st.text("ACGT", min_size=1, max_size=40), st.integers(1, 6))
def test_a_number_names_its_word(text, length):
    names = [word_name(int(number), length) for number in word_numbers(encode_text(text), length)]
    assert names == [text[i : i + length] for i in range(len(text) - length + 1)]


def test_reverse_complements_by_name():
    for length in (1, 2, 3):
        words = ["".join(letters) for letters in product("ACGT", repeat=length)]
        others = [word_name(int(number), length) for number in reverse_complement_words(length)]
        assert others == [decode(reverse_complement(encode_text(word))) for word in words]
        assert np.array_equal(
            reverse_complement_words(length)[reverse_complement_words(length)], np.arange(4**length)
        )
