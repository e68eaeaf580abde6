"""Sites to count: from a file of aligned sites, from regions as they lie, or searched for in them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from seqnet.errors import FormatError, SeqnetError, UsageError
from seqnet.formats.files.opening import open_output
from seqnet.formats.motifs.any_format import read_motif_entries
from seqnet.formats.motifs.sites import AlignedSites, read_sites, read_weights
from seqnet.formats.regions.bed import read_bed
from seqnet.formats.sequences.fasta import write_fasta
from seqnet.genome.extract import extract_windows
from seqnet.genome.sequence import EncodedSequence, Genome
from seqnet.motifs.matrix import RNA, MotifSet, Pfm, to_pfm
from seqnet.motifs.sites import FoundSites, find_sites, iupac_seed
from seqnet.pipeline.inputs.genome import cut_regions, load_genome
from seqnet.pipeline.motifs.request import BY_SCORE, BuildRequest
from seqnet.reporting import note, warn

if TYPE_CHECKING:
    from seqnet.aliases import Floats
    from seqnet.genome.regions import Regions


class WeightedSites(NamedTuple):
    """Aligned sites and what each counts for."""

    sites: AlignedSites
    weights: Floats | None
    """float64 (n,); None where every site counts 1."""
    regions: int | None = None
    """How many regions were searched; None without a seed."""
    rounds: int | None = None
    """How many rounds the search took; None without a seed."""


def collect_sites(request: BuildRequest) -> WeightedSites:
    """Read sites, or cut or find them in regions of a genome."""
    if request.genome is not None:
        return _sites_of_regions(request, request.genome)
    sites = read_sites(request.sites, request.sites_format)
    return WeightedSites(sites, None if request.weights is None else read_weights(request.weights, sites))


def _sites_of_regions(request: BuildRequest, genome_path: str) -> WeightedSites:
    """Return the sites in regions: as they lie, or the best ones by a seed."""
    genome = load_genome(genome_path)
    regions = _windows(request, genome)
    searched = rounds = None
    rna = False
    if request.seed is None:
        if not regions.intervals.strand.all():
            warn("regions without a strand are read on +; the sites look unaligned (see --seed)")
        codes = extract_windows(genome, regions.intervals, stranded=True)
    else:
        seed = _seed_matrix(request.seed)
        rna = seed.info.alphabet == RNA
        if rna and not regions.intervals.strand.all():
            warn("regions without a strand are read on +; a seed of RNA is searched on the strand of regions")
        search = _search(regions, genome, seed, request.rounds, stranded=rna)
        if request.sites_out is not None:
            _write_sites(request.sites_out, regions, search, stranded=rna)
        searched, rounds = len(regions), search.rounds
        codes, regions = search.codes, regions.take(search.window)
    letters = np.frombuffer(b"ACGUN" if rna else b"ACGTN", dtype=np.uint8)[codes]
    sites = AlignedSites([str(name) for name in regions.names], letters, request.sites)
    return WeightedSites(sites, _region_weights(request.weights, sites, regions), searched, rounds)


def _windows(request: BuildRequest, genome: Genome) -> Regions:
    """Read the regions, as windows of one width where one is given."""
    regions = cut_regions(
        read_bed(request.sites, center=None if request.width is None else request.center),
        genome, request.on_bad,
        restricted=False, width=request.width, center=request.center,
    )  # fmt: skip
    regions.width()
    return regions


def _region_weights(weights: str | None, sites: AlignedSites, regions: Regions) -> Floats | None:
    """Return the weights of regions: their scores, or a file's by their names."""
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


def _search(regions: Regions, genome: Genome, seed: Pfm, rounds: int, *, stranded: bool) -> FoundSites:
    """Find each region's best site by a seed, and note how many."""
    codes = extract_windows(genome, regions.intervals, stranded=stranded)
    try:
        sites = find_sites(codes, seed, rounds=rounds)
    except ValueError as error:
        raise SeqnetError(f"{regions.source}: {error}") from error
    note(f"{len(sites.codes)} of {len(regions)} regions hold a site; {sites.rounds} rounds")
    return sites


def _seed_matrix(seed: str | MotifSet) -> Pfm:
    """Return the matrix to begin with: the first motif of a set or a file, or an IUPAC word."""
    if not isinstance(seed, str):
        if not seed.motifs:
            raise UsageError("--seed: holds no motifs")
        return to_pfm(seed.motifs[0])
    if Path(seed).is_file():
        return to_pfm(read_motif_entries(seed).first())
    try:
        return iupac_seed(seed)
    except ValueError as error:
        raise UsageError(f"--seed: {error}, and there is no such file") from error


def _write_sites(path: str, regions: Regions, sites: FoundSites, *, stranded: bool) -> None:
    """Write found sites as FASTA, named by their genomic place.

    Parameters
    ----------
    stranded
        Whether regions were read on their own strand, from whose first base offsets count then.
    """
    own = regions.intervals.take(sites.window)
    contigs, width = own.contig_names(), sites.codes.shape[1]
    turned = (own.strand < 0) & stranded
    starts = np.where(turned, own.end - sites.offset - width, own.start + sites.offset)
    strands = np.where(turned, -sites.strand, sites.strand)
    names = [
        f"{contig}:{start}-{start + width}({'+' if strand > 0 else '-'})"
        for contig, start, strand in zip(contigs, starts, strands, strict=True)
    ]
    with open_output(path) as stream:
        write_fasta(stream, map(EncodedSequence, names, sites.codes))
