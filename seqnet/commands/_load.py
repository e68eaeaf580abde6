"""Reading what several commands read: genomes, regions, motifs, backgrounds, splits."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from seqnet.commands._console import detail, note
from seqnet.errors import SeqnetError, UsageError

if TYPE_CHECKING:
    from seqnet.aliases import Codes
    from seqnet.genome.alphabet import SoftMask
    from seqnet.genome.regions import OnBad, Regions
    from seqnet.genome.sequence import Genome
    from seqnet.motifs.background import Background
    from seqnet.motifs.matrix import Motif, MotifSet, Pssm, Spread


def expand_names(values: Sequence[str]) -> list[str]:
    """Turn option values into names: comma lists, wildcards as they are, files of names."""
    names: list[str] = []
    for value in values:
        if Path(value).is_file():
            names += Path(value).read_text().split()
        else:
            names += [name for name in value.split(",") if name]
    return names


def load_genome(path: str | None, chroms: Sequence[str] = (), soft_mask: SoftMask = "ignore") -> Genome:
    """Read a genome, restricted to the contigs that were asked for."""
    from seqnet.formats.fasta import read_genome
    from seqnet.genome.splits import match_names

    if path is None:
        raise UsageError("--genome is needed here")
    genome = read_genome(path, soft_mask=soft_mask)
    if chroms:
        genome = genome.restrict(match_names(expand_names(chroms), list(genome.codes), path))
    return genome


def load_regions(
    path: str, genome: Genome, *, on_bad: OnBad = "error", tasks: Sequence[str] | None = None
) -> Regions:
    """Read regions and make sure they lie inside the genome."""
    from seqnet.formats.bed import read_bed

    return fit_to_genome(read_bed(path, tasks=tasks), genome, on_bad)


def fit_to_genome(regions: Regions, genome: Genome, on_bad: OnBad = "error") -> Regions:
    """Make sure that regions lie inside a genome, and say what was mended."""
    from seqnet.genome.regions import fit_regions

    if not len(regions):
        raise SeqnetError(f"{regions.source}: holds no regions")
    fitted = fit_regions(regions, genome.lengths, genome.source, on_bad)
    if fitted.skipped:
        note(f"{regions.source}: {fitted.skipped} regions outside {genome.source} skipped")
    if fitted.clipped:
        note(f"{regions.source}: {fitted.clipped} regions clipped to their contigs")
    return fitted.regions


def load_motifs(path: str, names: Sequence[str] = (), motif_format: str | None = None) -> MotifSet:
    """Read motifs, restricted to names or alternate names that match."""
    from seqnet.formats import MOTIF_READERS
    from seqnet.formats.motifs import read_motifs
    from seqnet.motifs.matrix import MotifSet

    if motif_format is not None and motif_format not in MOTIF_READERS:
        known = ", ".join(MOTIF_READERS)
        raise UsageError(f"{motif_format!r} is no motif format; expected one of {known}")
    found = read_motifs(path, motif_format)
    if not names:
        return found
    kept = tuple(m for m in found.motifs if _matches(m, names))
    if not kept:
        raise SeqnetError(f"{path}: no motif is named {' or '.join(names)}")
    return MotifSet(kept, found.background)


def _matches(motif: Motif, patterns: Sequence[str]) -> bool:
    """Tell whether a motif's name or alternate name matches any pattern."""
    names = (motif.info.name, motif.info.alt_name)
    return any(fnmatchcase(name, pattern) for name in names for pattern in patterns)


def resolve_background(spec: str | None, own: Background | None = None) -> Background:
    """Return the background that ``--background`` asks for.

    Parameters
    ----------
    spec
        The option's value; None means the motif file's own, else uniform.
    own
        The motif file's.
    """
    import numpy as np

    from seqnet.formats.meme import read_background
    from seqnet.motifs.background import UNIFORM, Background

    if spec is None:
        return UNIFORM if own is None else own
    if spec == "uniform":
        return UNIFORM
    if spec.startswith("from:"):
        return _counted(spec.removeprefix("from:"))
    if "," in spec:
        try:
            return Background(np.array([float(word) for word in spec.split(",")]), spec)
        except ValueError as error:
            raise UsageError(f"--background {spec}: {error}") from error
    return read_background(spec)


def _counted(path: str) -> Background:
    """Count the bases of a FASTA file on both strands."""
    from seqnet.formats.fasta import read_blocks
    from seqnet.formats.header import base_name
    from seqnet.motifs.background import count_bases, counted_background

    counts = count_bases(block.codes for block in read_blocks(path, unique=False))
    try:
        return counted_background(counts, f"from:{base_name(path)}", symmetric=True)
    except ValueError as error:
        raise SeqnetError(f"{path}: {error}") from error


def make_pssms(
    motifs: MotifSet,
    background: str | None,
    pseudocount: str,
    spread: Spread,
    *,
    keep: bool,
    source: str,
) -> list[Pssm]:
    """Turn motifs into PSSMs.

    Parameters
    ----------
    background, pseudocount, spread
        As the options say.
    keep
        Whether motifs that are PSSMs already stay as they are.
    source
        The motif file, for messages.
    """
    from seqnet.motifs.matrix import Pssm, to_pssm
    from seqnet.motifs.pseudocounts import DEFAULT_NSITES

    chosen = resolve_background(background, motifs.background)
    unknown = [m.info.name for m in motifs.motifs if m.info.nsites is None and not isinstance(m, Pssm)]
    if unknown:
        more = f" and {len(unknown) - 1} more" if len(unknown) > 1 else ""
        note(f"{source}: {unknown[0]}{more} without a number of sites; {DEFAULT_NSITES:g} taken")
    pssms = []
    for motif in motifs.motifs:
        if keep and isinstance(motif, Pssm):
            pssms.append(motif)
            continue
        try:
            pssms.append(to_pssm(motif, chosen, pseudocount, spread))
        except ValueError as error:
            raise SeqnetError(f"{source}: {error}") from error
    detail(f"background {chosen.source}: {' '.join(f'{f:.4f}' for f in chosen.frequencies)}")
    return pssms


def apply_splits(
    regions: Regions,
    codes: Codes | None,
    *,
    valid_chroms: Sequence[str],
    test_chroms: Sequence[str],
    valid_fraction: float | None,
    test_fraction: float | None,
    seed: int,
) -> Regions:
    """Fill the split column as the options say; leaves it alone without any.

    Parameters
    ----------
    codes
        uint8 (n, length): keeps rows of equal sequence together under fractions, where at hand.
    """
    from seqnet.genome.splits import by_chromosome, by_fraction, fill_splits, leakage_groups

    fractions = valid_fraction is not None or test_fraction is not None
    if (valid_chroms or test_chroms) and fractions:
        raise UsageError(
            "--valid-chroms/--test-chroms and --valid-fraction/--test-fraction exclude each other"
        )
    if valid_chroms or test_chroms:
        assigned = by_chromosome(regions.intervals, expand_names(valid_chroms), expand_names(test_chroms))
    elif fractions:
        if (valid_fraction or 0) + (test_fraction or 0) >= 1:
            raise UsageError("--valid-fraction and --test-fraction leave nothing to train on")
        groups = leakage_groups(regions.intervals, codes)
        assigned = by_fraction(groups, valid_fraction or 0.0, test_fraction or 0.0, seed)
    else:
        return regions
    return fill_splits(regions, assigned)
