"""The step ``simulate genome``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from seqnet.aliases import Bools, Codes, Floats
from seqnet.datasets.simulation.genomes import (
    PlantedSite,
    check_room,
    draw_peaks,
    draw_signal,
    draw_strengths,
    plant_sites,
)
from seqnet.datasets.simulation.letters import conditional_tables, draw_contig
from seqnet.datasets.simulation.sequences import site_score
from seqnet.errors import UsageError
from seqnet.formats.files.header import header_for
from seqnet.formats.files.opening import open_output
from seqnet.formats.files.together import refuse_shared_paths
from seqnet.formats.sequences.fasta import write_fasta
from seqnet.formats.sequences.simulated import TrueSite, write_peaks, write_truth
from seqnet.formats.tracks.bigwig import write_bigwig
from seqnet.genome.alphabet import reverse_complement
from seqnet.genome.sequence import EncodedSequence
from seqnet.pipeline.calls import takes
from seqnet.pipeline.outputs import MOTIF, expect_writable, path_per_motif
from seqnet.pipeline.simulation.ingredients import (
    Ingredients,
    SiteTable,
    load_ingredients,
    simulation_provenance,
)
from seqnet.pipeline.simulation.request import GenomeRequest
from seqnet.reporting import note

if TYPE_CHECKING:
    from numpy.random import Generator

TRUTH_COLUMNS = ("bound", "strength")
"""Columns of a genome's truth table beyond those of every truth table."""


@dataclass(frozen=True, eq=False)
class SimulatedGenome:
    """Contigs, their sites in order, and how strongly the bound ones are bound.

    Parameters
    ----------
    codes
        Contig name to uint8 (length,).
    strengths
        float64, one for each bound site, in the order of the sites.
    """

    codes: dict[str, Codes]
    sites: list[PlantedSite]
    strengths: Floats

    @property
    def bound(self) -> list[PlantedSite]:
        """The bound sites."""
        return [site for site in self.sites if site.bound]

    def letters(self, site: PlantedSite, width: int) -> Codes:
        """Return a site's letters, 5' to 3' on its own strand."""
        letters = self.codes[site.contig][site.start : site.start + width]
        return letters if site.strand > 0 else reverse_complement(letters)


@dataclass(frozen=True, eq=False)
class BoundSiteTable(SiteTable):
    """The sites of a simulated genome, a row each; otherwise as `SiteTable`.

    Parameters
    ----------
    bound
        bool: whether a peak lies over the site.
    strength
        float64: how strongly it is bound; 0 where it is not.
    """

    bound: Bools
    strength: Floats


@dataclass(frozen=True, eq=False)
class GenomeResult:
    """A simulated genome, and how much there is of it.

    Parameters
    ----------
    genome
        Contigs, sites and strengths.
    counts
        ``bases``, ``sites`` and ``bound`` sites.
    outputs
        The files written.
    ingredients
        Motifs and background.
    """

    genome: SimulatedGenome
    counts: Mapping[str, int]
    outputs: tuple[str, ...]
    ingredients: Ingredients

    @cached_property
    def sites(self) -> BoundSiteTable:
        """The sites of the genome."""
        table = SiteTable.of_sites(list(_true_sites(self.genome, self.ingredients)))
        bound = np.array([site.bound for site in self.genome.sites], dtype=bool)
        strength = np.zeros(len(bound))
        strength[bound] = self.genome.strengths
        return BoundSiteTable(**table.columns(), bound=bound, strength=strength)


@takes(GenomeRequest)
def simulate_genome(request: GenomeRequest) -> GenomeResult:
    """Simulate a small genome: sites in open chromatin make peaks and a signal, others do not.

    Parameters
    ----------
    request
        The fields of `GenomeRequest`, which are the arguments of this function.

    Returns
    -------
    The genome and its sites; outputs are written where they are named.

    Raises
    ------
    SeqnetError
        If the motifs cannot be read, their sites do not fit, or fields contradict each other.

    Examples
    --------
    >>> import seqnet
    >>> made = seqnet.simulate_genome("motifs.jaspar", contigs={"chr1": 100_000}, bound=20)  # doctest: +SKIP
    >>> made.genome.codes["chr1"], made.sites.to_pandas()  # doctest: +SKIP
    """
    expect_writable(request.output, request.truth, request.signal_out)
    lengths = request.lengths
    ingredients = load_ingredients(request)
    paths = _side_paths(request, ingredients)
    expect_writable(*(path for many in paths.values() for path in many))
    genome = _simulated(request, ingredients, lengths)
    with ExitStack() as stack:  # the outputs appear together
        if request.truth is not None:
            header = header_for(request.header, _provenance(request, ingredients, lengths))
            side = stack.enter_context(open_output(request.truth))
            write_truth(side, _true_sites(genome, ingredients), header, TRUTH_COLUMNS)
        for motif, path in enumerate(paths["--peaks-out"]):
            _write_peaks(stack.enter_context(open_output(path)), motif, genome, ingredients, request.seed)
        for motif, path in enumerate(paths["--sites-out"]):
            _write_sites(stack.enter_context(open_output(path)), motif, genome, ingredients)
        if request.signal_out is not None:
            _write_signal(request, request.signal_out, lengths, genome)
        if request.output is not None:
            stream = stack.enter_context(open_output(request.output))
            write_fasta(stream, (EncodedSequence(name, codes) for name, codes in genome.codes.items()))
    counts = {"bases": sum(lengths.values()), "sites": len(genome.sites), "bound": len(genome.bound)}
    note("{bases} bases, {sites} sites, {bound} of them bound".format(**counts))
    single = (request.output, request.truth, request.signal_out)
    outputs = [path for path in (*single, *paths["--peaks-out"], *paths["--sites-out"]) if path is not None]
    return GenomeResult(genome, counts, tuple(outputs), ingredients)


def _side_paths(request: GenomeRequest, ingredients: Ingredients) -> dict[str, list[str]]:
    """Return the files of --peaks-out and --sites-out, one a motif each, none where not requested."""
    paths: dict[str, list[str]] = {}
    for option, path in (("--peaks-out", request.peaks_out), ("--sites-out", request.sites_out)):
        if path is not None and MOTIF not in path and len(ingredients.names) > 1:
            count = f"{ingredients.source} holds {len(ingredients.names)} motifs"
            raise UsageError(f"{option}: {count}; put {MOTIF} in the path, or choose with --motif")
        paths[option] = [] if path is None else path_per_motif(path, ingredients.names, option)
    single = {"-o": request.output, "--truth": request.truth, "--signal-out": request.signal_out}
    many = {f"{option} of {name}": path for option, texts in paths.items()
            for name, path in zip(ingredients.names, texts, strict=False)}  # fmt: skip
    refuse_shared_paths({**single, **many})
    return paths


def _simulated(
    request: GenomeRequest, ingredients: Ingredients, lengths: Mapping[str, int]
) -> SimulatedGenome:
    """Draw the contigs, the sites and their strengths."""
    generator = _generator(request.seed, 0)
    tables = conditional_tables(ingredients.background)
    try:
        check_room(lengths, ingredients.ppms, request.bound + request.unbound)
        codes = {name: draw_contig(tables, length, generator) for name, length in lengths.items()}
        sites = plant_sites(codes, ingredients.ppms, request.bound, request.unbound, generator)
    except ValueError as error:
        raise UsageError(f"{error} (see --contig, --bound and --unbound)") from error
    strengths = draw_strengths(sum(site.bound for site in sites), generator)
    return SimulatedGenome(codes, sites, strengths)


def _generator(seed: int, *part: int) -> Generator:
    """Return a separate generator for an output, so that none depends on which others are requested."""
    return np.random.default_rng([seed, *part])


def _provenance(
    request: GenomeRequest, ingredients: Ingredients, lengths: Mapping[str, int]
) -> dict[str, str]:
    """Return the ``##`` entries of the truth table."""
    contigs = [f"{name}={length}" for name, length in lengths.items()]
    settings = {"contigs": contigs, "bound": request.bound, "unbound": request.unbound}
    return simulation_provenance("genome", request, ingredients, settings)


def _true_sites(genome: SimulatedGenome, ingredients: Ingredients) -> Iterator[TrueSite]:
    """Return the sites as the genome holds them, with whether and how strongly they are bound."""
    strengths = iter(genome.strengths.tolist())
    for site in genome.sites:
        letters = genome.letters(site, ingredients.ppms[site.motif].width)
        score = site_score(letters, ingredients.pssms[site.motif])
        more = ("1", f"{next(strengths):.4f}") if site.bound else ("0", "0")
        yield TrueSite(
            site.contig, site.start, site.strand, ingredients.names[site.motif], score, letters, more
        )


def _write_peaks(
    stream: BinaryIO, motif: int, genome: SimulatedGenome, ingredients: Ingredients, seed: int
) -> None:
    """Write the peaks over a motif's bound sites."""
    rows = np.flatnonzero([site.motif == motif for site in genome.bound])
    sites = [genome.bound[row] for row in rows.tolist()]
    peaks = draw_peaks(sites, _generator(seed, 1, motif), genome.strengths[rows])
    write_peaks(stream, peaks, ingredients.names[motif])


def _write_sites(stream: BinaryIO, motif: int, genome: SimulatedGenome, ingredients: Ingredients) -> None:
    """Write a motif's bound sites, aligned."""
    width = ingredients.ppms[motif].width
    own = (genome.letters(site, width) for site in genome.bound if site.motif == motif)
    write_fasta(stream, (EncodedSequence(f"site{i}", letters) for i, letters in enumerate(own, 1)))


def _write_signal(
    request: GenomeRequest, path: str, lengths: Mapping[str, int], genome: SimulatedGenome
) -> None:
    """Write the accessibility track."""
    generator = _generator(request.seed, 2)
    with write_bigwig(path, lengths) as writer:
        for name, length in lengths.items():
            rows = np.flatnonzero([site.contig == name for site in genome.bound])
            centers = [genome.bound[row].center for row in rows.tolist()]
            values = draw_signal(length, request.step, centers, genome.strengths[rows], generator)
            writer.add(name, 0, values, request.step)
