"""From binding sites to counts: aligned ones directly, unaligned ones by a seeded search."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from seqnet.aliases import Codes, Floats, Ints
from seqnet.genome.alphabet import BASES, IUPAC, Ambiguous, reverse_complement
from seqnet.kernels.ties import exact_sums, round_scores
from seqnet.motifs.background import UNIFORM, Background
from seqnet.motifs.matrix import DNA, RNA, MotifInfo, Pfm, Pssm, to_pssm
from seqnet.motifs.scan import both_strand_scores
from seqnet.motifs.significance.pvalue import tail_distribution
from seqnet.motifs.strands import strand_count, strands_of

GAPS = "-."
_T, _U = list(b"Tt"), list(b"Uu")
DEFAULT_ROUNDS = 5
CHANCE = 0.05
"""A found site is one that at most this share of random windows would hold by chance."""


@cache
def letter_shares() -> Floats:
    """Return what each byte counts for: float64 (256, 4); rows of zeros are no nucleotide letters.

    IUPAC letters and gaps share one count among the bases they may mean; case does not matter.
    """
    shares = np.zeros((256, 4))
    for letter, bases in {**IUPAC, **dict.fromkeys(GAPS, BASES)}.items():
        for base in bases:
            for form in {letter, letter.lower()}:
                shares[ord(form), BASES.index(base)] = 1 / len(bases)
    shares.flags.writeable = False
    return shares


@dataclass(frozen=True)
class CountedSites:
    """Counts and how many sites made them."""

    pfm: Pfm
    used: int
    skipped: int


def count_sites(
    letters: NDArray[np.uint8],
    info: MotifInfo,
    ambiguous: Ambiguous = "skip",
    weights: Floats | None = None,
) -> CountedSites:
    """Count aligned sites into a PFM; of RNA where the letters hold U and no T.

    Parameters
    ----------
    letters
        uint8 (n, w): ASCII letters of each site.
    ambiguous
        How to handle a site with a letter that is not one base: left out, its count shared among
        the bases it may be, or an error.
    weights
        float64 (n,): what each site counts for; 1 when None. The number of sites is their sum.

    Raises
    ------
    ValueError
        If nothing is left to count, or at an ambiguous letter under ``error``.
    """
    weights = np.ones(len(letters)) if weights is None else weights
    shares = letter_shares()[letters]
    unclear = (shares.max(axis=2) < 1).any(axis=1)
    if ambiguous == "error" and unclear.any():
        site = letters[np.flatnonzero(unclear)[0]].tobytes().decode("ascii", "replace")
        raise ValueError(f"site {site} holds a letter other than A C G T")
    if ambiguous != "fraction":
        shares, weights = shares[~unclear], weights[~unclear]
    if not len(shares):
        raise ValueError("no site is left: every one holds a letter other than A C G T")
    nsites = float(weights.sum())
    if not nsites > 0:
        raise ValueError("the weights of the sites sum to zero")
    counts = (shares * weights[:, None, None]).sum(axis=0)
    rna = np.isin(letters, _U).any() and not np.isin(letters, _T).any()
    named = replace(info, nsites=nsites, alphabet=RNA if rna else DNA)
    return CountedSites(Pfm(named, counts), len(shares), len(letters) - len(shares))


def iupac_seed(word: str) -> Pfm:
    """Return a PFM of 20 sites that spell an IUPAC word.

    Raises
    ------
    ValueError
        Naming the first letter that is none.
    """
    for letter in word:
        if letter.upper() not in IUPAC:
            raise ValueError(f"{letter!r} in seed {word!r} is not an IUPAC nucleotide letter")
    rows = letter_shares()[np.frombuffer(word.encode(), dtype=np.uint8)]
    rna = "U" in word.upper() and "T" not in word.upper()
    return Pfm(MotifInfo(word, nsites=20.0, alphabet=RNA if rna else DNA), rows * 20.0)


@dataclass(frozen=True)
class FoundSites:
    """The sites a seeded search settled on, one at most per window.

    Parameters
    ----------
    codes
        uint8 (m, w): each site as its own strand reads.
    window, offset
        int64 (m,): which window it lies in, and the 0-based offset of its first base there.
    strand
        int8 (m,): 1 or -1.
    rounds
        How many rounds were run.
    """

    codes: Codes
    window: Ints
    offset: Ints
    strand: NDArray[np.int8]
    rounds: int


def find_sites(
    windows: Codes,
    seed: Pfm,
    background: Background = UNIFORM,
    rounds: int = DEFAULT_ROUNDS,
) -> FoundSites:
    """Search unaligned windows for their best site, rebuild the matrix, and repeat.

    A window gives a site only if one as good would be found in at most `CHANCE` of random
    windows; so windows that hold no site do not blur the matrix. Among equal scores the leftmost
    counts, + before -. A seed of RNA is searched forward alone. Stops when no site moves.

    Parameters
    ----------
    windows
        uint8 (n, length), length at least the seed's width.

    Raises
    ------
    ValueError
        If no window holds a site.
    """
    pssm = to_pssm(seed, background)
    both = strand_count(strands_of(seed.info)) == 2
    sites = _best_sites(windows, pssm, 1, both=both)
    for number in range(2, rounds + 1):
        before = sites
        sites = _best_sites(windows, to_pssm(_counts(sites.codes), background), number, both=both)
        if np.array_equal(before.window, sites.window) and np.array_equal(before.codes, sites.codes):
            break
    return sites


def _counts(codes: Codes) -> Pfm:
    """Count sites given as codes (m, w)."""
    letters = np.frombuffer(b"ACGTN", dtype=np.uint8)[codes]
    return count_sites(letters, MotifInfo("sites")).pfm


def _best_sites(windows: Codes, pssm: Pssm, rounds: int, *, both: bool) -> FoundSites:
    """Pick each window's best site, on either strand or forward, where chance seldom has one as good."""
    width = pssm.width
    n, length = windows.shape
    places = length - width + 1
    if places < 1:
        raise ValueError(f"windows of {length} bases are shorter than the seed of {width}")
    scores = round_scores(np.stack(both_strand_scores(windows, exact_sums(pssm.scores)), axis=2))
    if not both:
        scores[:, :, 1] = -np.inf
    flat = np.where(np.isnan(scores), -np.inf, scores).reshape(n, 2 * places)
    best = flat.argmax(axis=1)
    allowed = CHANCE / ((2 if both else 1) * places)
    tail = tail_distribution(pssm.scores, pssm.background, p_value=allowed)
    rows = np.flatnonzero(flat[np.arange(n), best] >= round_scores(tail.threshold(allowed)))
    if not len(rows):
        raise ValueError(
            f"no window holds a site like {pssm.info.name} that chance would not give as well; "
            "try a narrower --width or a longer --seed"
        )
    offset, minus = best[rows] // 2, best[rows] % 2 == 1
    codes = np.lib.stride_tricks.sliding_window_view(windows, width, axis=1)[rows, offset]
    codes = np.where(minus[:, None], reverse_complement(codes), codes)
    return FoundSites(codes, rows, offset, np.where(minus, -1, 1).astype(np.int8), rounds)
