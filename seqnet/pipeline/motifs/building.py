"""The step ``build_pwm``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from seqnet.aliases import Floats
from seqnet.errors import SeqnetError
from seqnet.formats import MOTIF_WRITERS, suffix_format
from seqnet.formats.files.header import base_name, header_for, provenance
from seqnet.formats.files.opening import STANDARD
from seqnet.formats.motifs.any_format import motif_writer, write_motifs
from seqnet.motifs.information import SmallSample, consensus, information
from seqnet.motifs.matrix import MotifInfo, MotifSet, Pfm, to_ppm
from seqnet.motifs.sites import CountedSites, count_sites
from seqnet.pipeline.calls import takes
from seqnet.pipeline.motifs.pictures import image_format, write_logos
from seqnet.pipeline.motifs.request import BuildRequest
from seqnet.pipeline.motifs.sites import WeightedSites, collect_sites
from seqnet.pipeline.motifs.sources import motif_source
from seqnet.pipeline.outputs import open_result
from seqnet.reporting import is_watched, note, say, wants_details, warn

BLURRED_BITS = 4.0
"""Below this total information sites look unaligned."""


FEW_SITES = 3
"""Below this number of sites alignment does not show; the small-sample correction takes the most."""


@dataclass(frozen=True, eq=False)
class BuildResult:
    """A motif made from sites.

    Parameters
    ----------
    motif
        The counts, with the number of sites.
    information
        float64 (w,): bits of each position.
    skipped
        How many sites were left out because of a gap or a letter other than A C G T.
    regions, rounds
        With a seed, how many regions were searched, and in how many rounds.
    """

    motif: Pfm
    information: Floats
    skipped: int = 0
    regions: int | None = None
    rounds: int | None = None

    @property
    def motifs(self) -> MotifSet:
        """The motif as the set that `pssm` and `scan` take."""
        return MotifSet((self.motif,))


@takes(BuildRequest)
def build_pwm(request: BuildRequest) -> BuildResult:
    """Make a motif from binding sites.

    Parameters
    ----------
    request
        The fields of `BuildRequest`, which are the arguments of this function.

    Returns
    -------
    The motif; it is written too where an output is given.

    Raises
    ------
    SeqnetError
        If a file cannot be read or holds no sites, or fields contradict each other.

    Examples
    --------
    >>> import seqnet
    >>> built = seqnet.build_pwm("sites.fa", name="REB1", logo="reb1.svg")  # doctest: +SKIP
    >>> seqnet.pssm(built.motifs, output="reb1.pssm")  # doctest: +SKIP
    """
    if request.logo is not None:
        image_format(request.logo)
    to_format = request.motif_format or suffix_format(request.output or "-", MOTIF_WRITERS, "meme")
    motif_writer(to_format)
    with open_result(request.output) as stream:
        collected = collect_sites(request)
        counted = _count(collected, request)
        pfm = counted.pfm
        in_full = request.output != STANDARD or is_watched() or wants_details()
        bits = _sum_up(pfm, request.small_sample, in_full=in_full)
        write_motifs(stream, MotifSet((pfm,)), to_format, header_for(request.header, _header(request)))
        if request.logo is not None:
            write_logos(request.logo, [pfm], "information", request.small_sample)
    return BuildResult(pfm, bits, counted.skipped, collected.regions, collected.rounds)


def _header(request: BuildRequest) -> dict[str, str]:
    """Return the provenance."""
    return provenance(
        "build-pwm",
        {
            "sites": base_name(request.sites),
            "weights": None if request.weights is None else base_name(request.weights),
            "seed": None if request.seed is None else motif_source(request.seed),
            "width": request.width,
            "ambiguous": request.ambiguous,
        },
    )


def _count(collected: WeightedSites, request: BuildRequest) -> CountedSites:
    """Count the sites, and report how many were left out."""
    letters = collected.sites.letters
    try:
        counted = count_sites(letters, MotifInfo(request.name), request.ambiguous, collected.weights)
    except ValueError as error:
        raise SeqnetError(f"{request.sites}: {error}") from error
    if counted.skipped:
        note(f"{counted.skipped} of {len(letters)} sites skipped: they hold letters other than A C G T")
    return counted


def _sum_up(pfm: Pfm, small_sample: SmallSample, *, in_full: bool) -> Floats:
    """Report the motif position by position if wanted, and warn about one with little information.

    Returns the bits of each position, float64 (w,).
    """
    probabilities = to_ppm(pfm).probabilities
    bits = information(probabilities, pfm.nsites, small_sample)
    letters = consensus(probabilities)
    total = float(bits.sum())
    if in_full:
        note(f"{pfm.info.name}: {pfm.nsites:g} sites of {pfm.width} bp, {total:.2f} bits, {letters}")
        for line in _table(pfm, bits.tolist(), letters):
            say(line)
    if total < BLURRED_BITS:
        plain = float(information(probabilities, pfm.nsites, "none").sum())
        warn(f"the motif holds only {total:.2f} bits{_why_so_little(pfm, total, plain)}")
    return bits


def _why_so_little(pfm: Pfm, total: float, plain: float) -> str:
    """Return why a motif holds little information, of which `plain` is there without the correction."""
    few = pfm.nsites < FEW_SITES or plain >= BLURRED_BITS
    if few and plain > total:
        count = f"{pfm.nsites:g} site" + "s" * (pfm.nsites != 1)
        return f": the small-sample correction takes away {plain - total:.2f} ({count}; see --small-sample)"
    if 2 * pfm.width < BLURRED_BITS:
        return ""  # aligned sites of so few positions do not hold more
    return ": the sites look unaligned (see --seed)"


def _table(pfm: Pfm, bits: list[float], letters: str) -> Iterator[str]:
    """Yield a row per position: counts, information, consensus."""
    yield "  pos" + "".join(f"{base:>9}" for base in "ACGT") + "    bits"
    for position, (row, value, letter) in enumerate(zip(pfm.counts.tolist(), bits, letters, strict=True), 1):
        yield f"{position:>5}" + "".join(f"{count:>9.6g}" for count in row) + f"{value:>8.3f}  {letter}"
