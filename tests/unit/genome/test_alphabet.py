import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqnet.genome.alphabet import IUPAC, decode, encode_text, one_hot, reverse_complement

dna = st.text("ACGTN", max_size=80)


@given(dna)
def test_decoding_undoes_encoding(text):
    assert decode(encode_text(text)) == text


@given(dna)
def test_the_reverse_complement_twice_is_the_sequence(text):
    codes = encode_text(text)
    assert np.array_equal(reverse_complement(reverse_complement(codes)), codes)


@given(dna)
def test_the_reverse_complement_letter_by_letter(text):
    pairs = {"A": "T", "C": "G", "G": "C", "T": "A", "N": "N"}
    assert decode(reverse_complement(encode_text(text))) == "".join(pairs[c] for c in reversed(text))


def test_every_iupac_letter_in_both_cases():
    for letter, bases in IUPAC.items():
        expected = bases if len(bases) == 1 else "N"
        assert decode(encode_text(letter + letter.lower())) == expected * 2


def test_soft_mask_policies():
    assert decode(encode_text("AcGt", "ignore")) == "ACGT"
    assert decode(encode_text("AcGt", "mask")) == "ANGN"
    with pytest.raises(ValueError, match="'c' is not a nucleotide"):
        encode_text("AcGt", "error")


@pytest.mark.parametrize("text", ["ACGJ", "AC-T", "AC\u00e9", "AC*"])
def test_other_letters_are_refused(text):
    with pytest.raises(ValueError, match="is not a nucleotide letter"):
        encode_text(text)


def test_one_hot_has_zeros_at_n():
    encoded = one_hot(encode_text("ACGTN")[None])
    assert encoded.shape == (1, 4, 5)
    assert encoded.dtype == np.float32
    assert np.array_equal(encoded[0, :, :4], np.eye(4))
    assert not encoded[0, :, 4].any()
