import numpy as np
import pytest

from seqnet.genome.alphabet import encode_text, reverse_complement
from seqnet.motifs.information import information
from seqnet.motifs.matrix import MotifInfo, to_ppm
from seqnet.motifs.sites import count_sites, find_sites, iupac_seed, letter_shares


def letters(*sites):
    return np.array([list(site.encode()) for site in sites], dtype=np.uint8)


def counts(*sites, ambiguous="skip"):
    return count_sites(letters(*sites), MotifInfo("m"), ambiguous)


def test_counting_in_either_case():
    found = counts("ACG", "acT", "AUG")
    assert found.pfm.counts.tolist() == [[3, 0, 0, 0], [0, 2, 0, 1], [0, 0, 2, 1]]
    assert found.pfm.nsites == 3


def test_ambiguous_letters_by_policy():
    sites = ("AC", "RC", "N-")
    skipped = counts(*sites)
    assert (skipped.used, skipped.skipped, skipped.pfm.nsites) == (1, 2, 1)
    shared = counts(*sites, ambiguous="fraction")
    assert shared.pfm.counts.tolist() == [[1.75, 0.25, 0.75, 0.25], [0.25, 2.25, 0.25, 0.25]]
    assert (shared.used, shared.pfm.nsites) == (3, 3)
    with pytest.raises(ValueError, match="site RC holds a letter other than A C G T"):
        counts(*sites, ambiguous="error")
    with pytest.raises(ValueError, match="no site is left"):
        counts("NN", "RR")


def test_only_nucleotide_letters_and_gaps_count_for_anything():
    known = {chr(i) for i in np.flatnonzero(letter_shares().sum(axis=1))}
    assert known == set("ACGTURYSWKMBDHVNacgturyswkmbdhvn-.")
    assert letter_shares().sum(axis=1)[[ord(c) for c in known]] == pytest.approx(1)


def test_seeds_spell_iupac_words():
    assert iupac_seed("RN").counts.tolist() == [[10, 0, 10, 0], [5, 5, 5, 5]]
    with pytest.raises(ValueError, match="'J' in seed 'AJ'"):
        iupac_seed("AJ")


def planted(n, word, length, seed, share=1.0):
    """Random windows, a share of which hold a word on a random strand; where and how."""
    generator = np.random.default_rng(seed)
    windows = generator.integers(0, 4, (n, length)).astype(np.uint8)
    places = []
    for row in windows[: round(share * n)]:
        offset, minus = int(generator.integers(length - len(word) + 1)), generator.random() < 0.5
        row[offset : offset + len(word)] = reverse_complement(word) if minus else word
        places.append((offset, -1 if minus else 1))
    return windows, places


def test_planted_sites_are_found_where_they_are():
    word = encode_text("TTACCCGGAC")
    windows, places = planted(200, word, 40, 1)
    found = find_sites(windows, iupac_seed("TTACCCGNNN"))
    assert found.window.tolist() == list(range(200))
    right = [
        (o, s) == p for o, s, p in zip(found.offset.tolist(), found.strand.tolist(), places, strict=True)
    ]
    assert sum(right) >= 198
    assert (found.codes == word).all(axis=1).sum() >= 198
    assert found.rounds < 5  # no site moved any more


def test_windows_without_a_site_give_none():
    word = encode_text("TTACCCGGACGT")
    windows, _ = planted(300, word, 40, 2, share=0.5)
    found = find_sites(windows, iupac_seed("TTACCCGNNNNN"))
    assert set(range(150)) <= set(found.window.tolist())
    assert len(found.window) <= 150 + 15  # at most a tenth of the empty ones, by chance
    bits = information(to_ppm(count_sites(letters_of(found.codes), MotifInfo("m")).pfm).probabilities, 160)
    assert bits.sum() > 18


def letters_of(codes):
    return np.frombuffer(b"ACGTN", dtype=np.uint8)[codes]


def test_hopeless_searches_are_refused():
    windows = np.zeros((3, 30), dtype=np.uint8)
    with pytest.raises(ValueError, match="no window holds a site like GGGGGGGG"):
        find_sites(windows, iupac_seed("GGGGGGGG"))
    with pytest.raises(ValueError, match="windows of 4 bases are shorter than the seed of 6"):
        find_sites(windows[:, :4], iupac_seed("GGGGGG"))
