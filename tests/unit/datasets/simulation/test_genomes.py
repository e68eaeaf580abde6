import numpy as np
import pytest

from seqnet.datasets.simulation.genomes import (
    SLOT,
    PlantedSite,
    draw_peaks,
    draw_signal,
    draw_strengths,
    plant_sites,
    slots_of,
)
from seqnet.genome.alphabet import decode, encode_text
from seqnet.motifs.matrix import RNA, MotifInfo, Ppm


def rng(seed=0):
    return np.random.default_rng(seed)


def word(text):
    return Ppm(MotifInfo(text), np.eye(4)[encode_text(text)])


MOTIFS = [word("AACCTG"), word("GATTACA")]


def test_sites_stand_in_slots_of_their_own():
    genome = {"b": np.zeros(8_000, np.uint8), "a": np.zeros(6_300, np.uint8)}
    sites = plant_sites(genome, MOTIFS, 7, 4, rng())
    assert len(sites) == 22
    assert [(site.contig != "b", site.start) for site in sites] == sorted(
        (site.contig != "b", site.start) for site in sites
    )
    assert len({(site.contig, site.center // SLOT) for site in sites}) == 22
    for motif in (0, 1):
        assert [site.bound for site in sites if site.motif == motif].count(True) == 7
    for site in sites:
        text = MOTIFS[site.motif].info.name
        if site.strand < 0:
            text = text.translate(str.maketrans("ACGT", "TGCA"))[::-1]
        assert decode(genome[site.contig][site.start : site.start + len(text)]) == text
        assert site.center == site.start + len(text) // 2
        assert abs(site.center % SLOT - SLOT // 2) <= 50
    assert {site.strand for site in sites} == {1, -1}
    changed = sum(int((codes > 0).sum()) for codes in genome.values())
    letters = sum((text != "A") for s in sites for text in decode(genome[s.contig][s.start :][: 6 + s.motif]))
    assert changed == letters  # nothing else was written


def test_sites_of_rna_are_not_turned_round():
    rna = Ppm(MotifInfo("GATTACA", alphabet=RNA), MOTIFS[1].probabilities)
    sites = plant_sites({"a": np.zeros(20_000, np.uint8)}, [MOTIFS[0], rna], 7, 4, rng())
    assert {(site.motif, site.strand) for site in sites} == {(0, 1), (0, -1), (1, 1)}


def test_too_little_room_or_too_wide_a_motif_is_refused():
    assert slots_of({"a": 2_100}) == [("a", 1), ("a", 2)]
    with pytest.raises(ValueError, match="4 sites need as many slots of 500 bases; there are 2"):
        plant_sites({"a": np.zeros(2_100, np.uint8)}, MOTIFS, 1, 1, rng())
    with pytest.raises(ValueError, match="is 301 bases wide; expected up to 300"):
        plant_sites({"a": np.zeros(5_000, np.uint8)}, [word("A" * 301)], 1, 0, rng())


def test_signal_is_noise_with_bumps_over_bound_sites():
    signal = draw_signal(100_010, 20, [50_000], np.array([200.0]), rng())
    assert len(signal) == 5_001
    far = np.concatenate([signal[:2_400], signal[2_600:]])
    assert far.mean() == pytest.approx(0.6, abs=0.05)
    assert far.var() == pytest.approx(0.6, abs=0.06)  # as of Poisson counts
    bump = signal[2_455:2_546].sum()  # 900 bases either way
    expected = 200 * 90 * np.sqrt(2 * np.pi) / 20 + 0.6 * 91
    assert bump == pytest.approx(expected, abs=4 * np.sqrt(expected))
    assert abs(np.average(np.arange(2_455, 2_546), weights=signal[2_455:2_546]) - 2499.5) < 0.3


def test_a_bump_s_far_end_is_not_missed():
    """Leaving out what lies ten standard deviations away changes no rate."""
    heights = draw_strengths(3, rng(1))
    centers = [200, 5_000, 9_950]
    places = 20 * np.arange(500) + 10.0
    rate = np.full(500, 0.6)
    for center, height in zip(centers, heights, strict=True):
        rate += height * np.exp(-0.5 * ((places - center) / 90.0) ** 2)
    expected = rng(2).poisson(rate)
    np.testing.assert_array_equal(draw_signal(10_000, 20, centers, heights, rng(2)), expected)


def test_peaks_lie_over_their_sites():
    sites = [PlantedSite("c", 1_000 * i, 1, 0, True, 1_000 * i + 3) for i in range(1, 400)]
    strengths = draw_strengths(len(sites), rng())
    peaks = draw_peaks(sites, rng(), strengths)
    offsets = []
    for site, peak, strength in zip(sites, peaks, strengths, strict=True):
        assert peak.end - peak.start == 200
        assert peak.start + 70 <= site.center <= peak.end - 70
        assert peak.signal == strength
        offsets.append(peak.start + peak.summit - site.center)
    assert np.std(offsets) == pytest.approx(6, rel=0.15)
    drawn = draw_peaks(sites, rng())
    assert np.mean([peak.signal for peak in drawn]) == pytest.approx(20, rel=0.1)


def test_strengths_are_gamma():
    strengths = draw_strengths(20_000, rng())
    assert strengths.mean() == pytest.approx(16, rel=0.02)
    assert strengths.var() == pytest.approx(64, rel=0.05)
