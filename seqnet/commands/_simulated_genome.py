"""What ``simulate genome`` does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from seqnet.commands._console import note
from seqnet.commands._paths import MOTIF, path_per_motif
from seqnet.commands._simulation import (
    Ingredients,
    SimulationOptions,
    load_ingredients,
    refuse_shared_paths,
    simulation_provenance,
)
from seqnet.errors import UsageError

if TYPE_CHECKING:
    from numpy.random import Generator

    from seqnet.aliases import Codes, Floats
    from seqnet.datasets.simulation.genomes import PlantedSite
    from seqnet.formats.simulated import TrueSite

TRUTH_COLUMNS = ("bound", "strength")
"""Columns of a genome's truth table beyond those of every truth table."""


@dataclass(frozen=True)
class GenomeOptions(SimulationOptions):
    """The values of the options of ``simulate genome``."""

    contigs: tuple[str, ...]
    bound: int
    unbound: int
    peaks: str | None
    signal: str | None
    step: int
    sites: str | None

    @property
    def lengths(self) -> dict[str, int]:
        """Contig name to length in bases."""
        lengths: dict[str, int] = {}
        for text in self.contigs:
            name, _, length = text.partition("=")
            if not name or name.split() != [name] or not length.isdecimal() or not int(length):
                raise UsageError(f"--contig {text}: expected NAME=BASES")
            if name in lengths:
                raise UsageError(f"--contig {text}: a second contig of that name")
            lengths[name] = int(length)
        return lengths


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
        from seqnet.genome.alphabet import reverse_complement

        letters = self.codes[site.contig][site.start : site.start + width]
        return letters if site.strand > 0 else reverse_complement(letters)


def simulate_genome(options: GenomeOptions) -> None:
    """Simulate a genome and write what was asked for."""
    from seqnet.formats._open import open_output
    from seqnet.formats.fasta import write_fasta
    from seqnet.formats.simulated import write_truth
    from seqnet.genome.sequence import EncodedSequence

    lengths = options.lengths
    with ExitStack() as stack:
        stream = stack.enter_context(open_output(options.output))
        given = load_ingredients(options)
        paths = _side_paths(options, given)
        made = _simulated(options, given, lengths)
        if options.truth is not None:
            header = _provenance(options, given, lengths) if options.with_header else None
            side = stack.enter_context(open_output(options.truth))
            write_truth(side, _true_sites(made, given), header, TRUTH_COLUMNS)
        for motif, path in enumerate(paths["--peaks-out"]):
            _write_peaks(stack.enter_context(open_output(path)), motif, made, given, options.seed)
        for motif, path in enumerate(paths["--sites-out"]):
            _write_sites(stack.enter_context(open_output(path)), motif, made, given)
        if options.signal is not None:
            _write_signal(options, lengths, made)
        write_fasta(stream, (EncodedSequence(name, codes) for name, codes in made.codes.items()))
    note(f"{sum(lengths.values())} bases, {len(made.sites)} sites, {len(made.bound)} of them bound")


def _side_paths(options: GenomeOptions, given: Ingredients) -> dict[str, list[str]]:
    """Return the files of --peaks-out and --sites-out, one a motif each, none where not asked for."""
    paths: dict[str, list[str]] = {}
    for option, path in (("--peaks-out", options.peaks), ("--sites-out", options.sites)):
        if path is not None and MOTIF not in path and len(given.names) > 1:
            message = f"{options.motifs} holds {len(given.names)} motifs; put {MOTIF} in the path, or choose"
            raise UsageError(f"{option}: {message} with --motif")
        paths[option] = [] if path is None else path_per_motif(path, given.names, option)
    single = {"-o": options.output, "--truth": options.truth, "--signal-out": options.signal}
    many = {f"{option} of {name}": path for option, found in paths.items()
            for name, path in zip(given.names, found, strict=False)}  # fmt: skip
    refuse_shared_paths({**single, **many})
    return paths


def _simulated(options: GenomeOptions, given: Ingredients, lengths: Mapping[str, int]) -> SimulatedGenome:
    """Draw the contigs, the sites and their strengths."""
    from seqnet.datasets.simulation.genomes import draw_strengths, plant_sites
    from seqnet.datasets.simulation.letters import conditional_tables, draw_contig

    generator = _generator(options.seed, 0)
    tables = conditional_tables(given.background)
    codes = {name: draw_contig(tables, length, generator) for name, length in lengths.items()}
    try:
        sites = plant_sites(codes, given.ppms, options.bound, options.unbound, generator)
    except ValueError as error:
        raise UsageError(f"{error} (see --contig, --bound and --unbound)") from error
    strengths = draw_strengths(sum(site.bound for site in sites), generator)
    return SimulatedGenome(codes, sites, strengths)


def _generator(seed: int, *part: int) -> Generator:
    """Return a generator of one output's own, so that none depends on which others are asked for."""
    import numpy as np

    return np.random.default_rng([seed, *part])


def _provenance(options: GenomeOptions, given: Ingredients, lengths: Mapping[str, int]) -> dict[str, str]:
    """Return the ``##`` entries of the truth table."""
    contigs = ",".join(f"{name}={length}" for name, length in lengths.items())
    settings = {"contigs": contigs, "bound": options.bound, "unbound": options.unbound}
    return simulation_provenance("genome", options, given, settings)


def _true_sites(made: SimulatedGenome, given: Ingredients) -> Iterator[TrueSite]:
    """Return the sites as the genome holds them, with whether and how strongly they are bound."""
    from seqnet.datasets.simulation.sequences import site_score
    from seqnet.formats.simulated import TrueSite

    strengths = iter(made.strengths.tolist())
    for site in made.sites:
        letters = made.letters(site, given.ppms[site.motif].width)
        score = site_score(letters, given.pssms[site.motif])
        more = ("1", f"{next(strengths):.4f}") if site.bound else ("0", "0")
        yield TrueSite(site.contig, site.start, site.strand, given.names[site.motif], score, letters, more)


def _write_peaks(stream: BinaryIO, motif: int, made: SimulatedGenome, given: Ingredients, seed: int) -> None:
    """Write the peaks over a motif's bound sites."""
    import numpy as np

    from seqnet.datasets.simulation.genomes import draw_peaks
    from seqnet.formats.simulated import write_peaks

    rows = np.flatnonzero([site.motif == motif for site in made.bound])
    sites = [made.bound[row] for row in rows.tolist()]
    peaks = draw_peaks(sites, _generator(seed, 1, motif), made.strengths[rows])
    write_peaks(stream, peaks, given.names[motif])


def _write_sites(stream: BinaryIO, motif: int, made: SimulatedGenome, given: Ingredients) -> None:
    """Write a motif's bound sites, aligned."""
    from seqnet.formats.fasta import write_fasta
    from seqnet.genome.sequence import EncodedSequence

    width = given.ppms[motif].width
    own = (made.letters(site, width) for site in made.bound if site.motif == motif)
    write_fasta(stream, (EncodedSequence(f"site{i}", letters) for i, letters in enumerate(own, 1)))


def _write_signal(options: GenomeOptions, lengths: Mapping[str, int], made: SimulatedGenome) -> None:
    """Write the accessibility track."""
    import numpy as np

    from seqnet.datasets.simulation.genomes import draw_signal
    from seqnet.formats.bigwig import write_bigwig

    assert options.signal is not None
    generator = _generator(options.seed, 2)
    with write_bigwig(options.signal, lengths) as writer:
        for name, length in lengths.items():
            rows = np.flatnonzero([site.contig == name for site in made.bound])
            centers = [made.bound[row].center for row in rows.tolist()]
            values = draw_signal(length, options.step, centers, made.strengths[rows], generator)
            writer.add(name, 0, values, options.step)
