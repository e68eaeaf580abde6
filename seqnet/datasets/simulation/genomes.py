"""Small genomes: background contigs with sites, bound or not, peaks over the bound ones, and a signal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.random import Generator

from seqnet.aliases import Codes, Floats
from seqnet.datasets.simulation.letters import draw_sites
from seqnet.genome.alphabet import reverse_complement
from seqnet.motifs.matrix import Ppm
from seqnet.motifs.strands import strands_of

SLOT = 500
"""A contig is cut into slots of this many bases; a slot holds one site at most."""
WIDEST_MOTIF = 300
"""So that sites of neighbouring slots never touch."""
PEAK_WIDTH = 200
_JITTER = 50  # bases between a slot's middle and its site's centre, at most
_PEAK_JITTER = 30  # bases between a site's centre and its peak's, at most
_SUMMIT_ERROR = 6.0  # standard deviation of summits around site centres, in bases
_BUMP = 90.0  # standard deviation of the signal around a bound site, in bases
_BUMP_REACH = 10 * _BUMP  # beyond it a bump is less than a rounding error of the rest
_NOISE_RATE = 0.6  # counts per step in closed chromatin


class PlantedSite(NamedTuple):
    """A site in a genome."""

    contig: str
    start: int
    """0-based, leftmost base on the forward strand."""
    strand: int
    """1 or -1."""
    motif: int
    """0-based number of the motif."""
    bound: bool
    """Whether its chromatin is open and a peak lies over it."""
    center: int
    """Base number ``width // 2`` of the site."""


class Peak(NamedTuple):
    """A peak over a bound site: 0-based half-open, its summit's offset from the start, its signal."""

    contig: str
    start: int
    end: int
    summit: int
    signal: float


def slots_of(lengths: Mapping[str, int]) -> list[tuple[str, int]]:
    """Return the places for sites, (contig, slot number): all whole slots but each contig's ends."""
    return [(contig, i) for contig, length in lengths.items() for i in range(1, length // SLOT - 1)]


def check_room(lengths: Mapping[str, int], motifs: Sequence[Ppm], each: int) -> None:
    """Make sure that a genome has room for sites.

    Parameters
    ----------
    lengths
        Contig name to length in bases.
    each
        Sites of each motif.

    Raises
    ------
    ValueError
        If there are fewer slots than sites, or a motif is too wide.
    """
    slots = sum(max(0, length // SLOT - 2) for length in lengths.values())
    if slots < len(motifs) * each:
        raise ValueError(f"{len(motifs) * each} sites need as many slots of {SLOT} bases; there are {slots}")
    for motif in motifs:
        if motif.width > WIDEST_MOTIF:
            raise ValueError(f"{motif.info.name} is {motif.width} bases wide; expected up to {WIDEST_MOTIF}")


def plant_sites(
    genome: Mapping[str, Codes], motifs: Sequence[Ppm], bound: int, unbound: int, generator: Generator
) -> list[PlantedSite]:
    """Write sites into a genome, either way round (those of RNA as they are), each in its own slot.

    Parameters
    ----------
    genome
        Contig name to uint8 (length,), written to.
    bound, unbound
        Sites of each motif.

    Returns
    -------
    list
        Sorted by contig and place.

    Raises
    ------
    ValueError
        If there are fewer slots than sites, or a motif is too wide.
    """
    lengths = {contig: len(codes) for contig, codes in genome.items()}
    check_room(lengths, motifs, bound + unbound)
    slots = slots_of(lengths)
    kinds = [(motif, i < bound) for motif in range(len(motifs)) for i in range(bound + unbound)]
    order = generator.permutation(len(slots))[: len(kinds)]
    sites = []
    for (number, is_bound), slot in zip(kinds, order.tolist(), strict=True):
        contig, place = slots[slot]
        center = place * SLOT + SLOT // 2 + int(generator.integers(-_JITTER, _JITTER + 1))
        letters = draw_sites(motifs[number], 1, generator)[0]
        turned = generator.random() < 0.5 and strands_of(motifs[number].info) == "both"
        strand = -1 if turned else 1
        start = center - len(letters) // 2
        genome[contig][start : start + len(letters)] = reverse_complement(letters) if strand < 0 else letters
        sites.append(PlantedSite(contig, start, strand, number, is_bound, center))
    rank = {contig: i for i, contig in enumerate(genome)}
    return sorted(sites, key=lambda site: (rank[site.contig], site.center))


def draw_strengths(count: int, generator: Generator) -> Floats:
    """Draw how strongly sites are bound: gamma of shape 4 and mean 16, float64 (count,)."""
    return generator.gamma(4.0, 4.0, size=count)


def draw_signal(
    length: int, step: int, centers: Sequence[int], heights: Floats, generator: Generator
) -> Floats:
    """Draw an accessibility track of counts: low noise, and a bump over every bound site.

    Counts are Poisson; their rate is that of noise plus, for each site, its height times a Gaussian
    of the distance.

    Parameters
    ----------
    length, step
        Of the contig and of a step of the track, in bases.
    centers, heights
        Where the bound sites are, and the rate each adds at its centre, per step.

    Returns
    -------
    float64 (ceil(length / step),)
    """
    rate = np.full(-(-length // step), _NOISE_RATE)
    places = step * np.arange(len(rate)) + step / 2
    for center, height in zip(centers, heights.tolist(), strict=True):
        first = max(0, int((center - _BUMP_REACH) // step))
        near = slice(first, int((center + _BUMP_REACH) // step) + 1)
        rate[near] += height * np.exp(-0.5 * ((places[near] - center) / _BUMP) ** 2)
    return generator.poisson(rate).astype(np.float64)


def draw_peaks(
    sites: Sequence[PlantedSite], generator: Generator, strengths: Floats | None = None
) -> list[Peak]:
    """Draw a peak over each site, its summit within a few bases of the site's centre.

    Parameters
    ----------
    strengths
        float64 (n,): the peaks' signals; drawn as well (gamma of shape 4 and mean 20) when None.
    """
    peaks = []
    for row, site in enumerate(sites):
        start = site.center - PEAK_WIDTH // 2 + int(generator.integers(-_PEAK_JITTER, _PEAK_JITTER + 1))
        summit = site.center - start + round(float(generator.normal(0, _SUMMIT_ERROR)))
        signal = float(generator.gamma(4.0, 5.0)) if strengths is None else float(strengths[row])
        peaks.append(Peak(site.contig, start, start + PEAK_WIDTH, summit, signal))
    return peaks
