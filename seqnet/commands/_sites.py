"""Sites to count: from a file of aligned sites, from regions as they lie, or searched for in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from seqnet.commands._console import note, warn

if TYPE_CHECKING:
    from seqnet.aliases import Floats
    from seqnet.formats.sites import AlignedSites
    from seqnet.genome.regions import Center, OnBad, Regions
    from seqnet.genome.sequence import Genome
    from seqnet.motifs.matrix import Pfm
    from seqnet.motifs.sites import FoundSites

BY_SCORE = "score"
"""Value of ``--weights`` that takes the regions' score column."""


class SiteSource(NamedTuple):
    """Where sites come from, as the options say."""

    path: str
    sites_format: str | None
    weights: str | None
    genome: str | None
    width: int | None
    center: Center
    on_bad: OnBad
    seed: str | None
    rounds: int
    sites_out: str | None


class WeightedSites(NamedTuple):
    """Aligned sites and what each counts for."""

    sites: AlignedSites
    weights: Floats | None
    """float64 (n,); None where every site counts 1."""


def collect_sites(source: SiteSource) -> WeightedSites:
    """Read sites, or cut or find them in regions of a genome."""
    if source.genome is not None:
        return _sites_of_regions(source, source.genome)
    from seqnet.formats.sites import read_sites, read_weights

    sites = read_sites(source.path, source.sites_format)
    return WeightedSites(sites, None if source.weights is None else read_weights(source.weights, sites))


def _sites_of_regions(source: SiteSource, genome_path: str) -> WeightedSites:
    """Return the sites in regions: as they lie, or the best ones by a seed."""
    import numpy as np

    from seqnet.commands._load import load_genome
    from seqnet.formats.sites import AlignedSites
    from seqnet.genome.extract import extract_windows

    genome = load_genome(genome_path)
    regions = _windows(source, genome)
    if source.seed is None:
        if not regions.intervals.strand.all():
            warn("regions without a strand are read on +; the sites look unaligned (see --seed)")
        codes = extract_windows(genome, regions.intervals, stranded=True)
    else:
        found = _search(regions, genome, source.seed, source.rounds)
        if source.sites_out is not None:
            _write_sites(source.sites_out, regions, found)
        codes, regions = found.codes, regions.take(found.window)
    letters = np.frombuffer(b"ACGTN", dtype=np.uint8)[codes]
    sites = AlignedSites([str(name) for name in regions.names], letters, source.path)
    return WeightedSites(sites, _region_weights(source.weights, sites, regions))


def _windows(source: SiteSource, genome: Genome) -> Regions:
    """Read the regions, as windows of one width where one is given."""
    from seqnet.commands._load import load_regions
    from seqnet.errors import SeqnetError
    from seqnet.genome.regions import windows

    regions = load_regions(source.path, genome, on_bad=source.on_bad)
    if source.width is not None:
        regions, skipped = windows(regions, source.width, source.center, genome.lengths)
        if skipped:
            note(f"{skipped} windows of {source.width} bases pass a contig's end and were skipped")
        if not len(regions):
            message = f"{source.path}: no window of {source.width} bases lies inside the genome"
            raise SeqnetError(message)
    regions.width()
    return regions


def _region_weights(weights: str | None, sites: AlignedSites, regions: Regions) -> Floats | None:
    """Return the weights of regions: their scores, or a file's by their names."""
    import numpy as np

    from seqnet.errors import FormatError
    from seqnet.formats.sites import read_weights

    if weights is None:
        return None
    if weights != BY_SCORE:
        return read_weights(weights, sites)
    values = []
    for score, line in zip(regions.scores, regions.lines, strict=True):
        try:
            value = float(score)
        except ValueError:
            value = -1.0
        if not 0 <= value < float("inf"):
            message = f"score is {score!r}; expected a weight of 0 or more"
            raise FormatError(regions.source, message, int(line))
        values.append(value)
    return np.array(values)


def _search(regions: Regions, genome: Genome, seed: str, rounds: int) -> FoundSites:
    """Find each region's best site by a seed, and say how many."""
    from seqnet.errors import SeqnetError
    from seqnet.genome.extract import extract_windows
    from seqnet.motifs.sites import find_sites

    codes = extract_windows(genome, regions.intervals)
    try:
        found = find_sites(codes, _seed_matrix(seed), rounds=rounds)
    except ValueError as error:
        raise SeqnetError(f"{regions.source}: {error}") from error
    note(f"{len(found.codes)} of {len(regions)} regions hold a site; {found.rounds} rounds")
    return found


def _seed_matrix(seed: str) -> Pfm:
    """Return the matrix to begin with: the first motif of a file, or an IUPAC word."""
    from pathlib import Path

    from seqnet.errors import UsageError
    from seqnet.formats.motifs import read_motifs
    from seqnet.motifs.matrix import to_pfm
    from seqnet.motifs.sites import iupac_seed

    if Path(seed).is_file():
        return to_pfm(read_motifs(seed).motifs[0])
    try:
        return iupac_seed(seed)
    except ValueError as error:
        raise UsageError(f"--seed: {error}, and there is no such file") from error


def _write_sites(path: str, regions: Regions, found: FoundSites) -> None:
    """Write found sites as FASTA, named by their genomic place."""
    from seqnet.formats._open import open_output
    from seqnet.formats.fasta import write_fasta
    from seqnet.genome.sequence import EncodedSequence

    contigs = regions.intervals.contig_names()[found.window]
    starts = regions.intervals.start[found.window] + found.offset
    width = found.codes.shape[1]
    names = [
        f"{contig}:{start}-{start + width}({'+' if strand > 0 else '-'})"
        for contig, start, strand in zip(contigs, starts, found.strand, strict=True)
    ]
    with open_output(path) as stream:
        write_fasta(stream, map(EncodedSequence, names, found.codes))
