"""Reading motifs and backgrounds, and making of them what scores sequences."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, NamedTuple

from seqnet.commands._console import detail, note, progress_bar, warn
from seqnet.commands._load import watched
from seqnet.errors import SeqnetError, UsageError

if TYPE_CHECKING:
    from seqnet.genome.alphabet import SoftMask
    from seqnet.motifs.background import Background
    from seqnet.motifs.matrix import Motif, MotifSet, Pssm, Spread
    from seqnet.motifs.scan import Scanner

DEFAULT_P_VALUE = 1e-4
"""Hits are windows with a p-value up to this, where nothing else is asked for."""


class Scoring(NamedTuple):
    """How motifs become scores, as the options say."""

    background: str | None = None
    """Value of ``--background``; None for the motif file's own, else uniform."""
    pseudocount: str | None = None
    """A rule; None for the default one."""
    spread: Spread = "background"
    preset: str | None = None
    """``fimo`` for FIMO's arithmetic."""


def load_motifs(path: str, names: Sequence[str] = (), motif_format: str | None = None) -> MotifSet:
    """Read motifs, restricted to names or alternate names that match."""
    from seqnet.formats import MOTIF_READERS
    from seqnet.formats.motifs import read_motifs

    if motif_format is not None and motif_format not in MOTIF_READERS:
        known = ", ".join(MOTIF_READERS)
        raise UsageError(f"{motif_format!r} is no motif format; expected one of {known}")
    return select_motifs(read_motifs(path, motif_format), names, path)


def select_motifs(found: MotifSet, names: Sequence[str], source: str) -> MotifSet:
    """Keep the motifs whose name or alternate name matches any pattern; all without patterns."""
    from seqnet.motifs.matrix import MotifSet

    if not names:
        return found
    kept = tuple(m for m in found.motifs if _matches(m, names))
    if not kept:
        raise SeqnetError(f"{source}: no motif is named {' or '.join(names)}")
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
        return count_background(spec.removeprefix("from:"))
    if "," in spec:
        try:
            return Background(np.array([float(word) for word in spec.split(",")]), spec)
        except ValueError as error:
            raise UsageError(f"--background {spec}: {error}") from error
    return read_background(spec)


def count_background(
    path: str,
    *,
    order: int = 0,
    symmetric: bool = True,
    pseudocount: float = 0.0,
    soft_mask: SoftMask = "ignore",
) -> Background:
    """Count the bases or words of a FASTA file, on both strands unless told otherwise."""
    from seqnet.formats.fasta import read_blocks
    from seqnet.formats.header import base_name
    from seqnet.motifs.background import count_words, counted_background

    with progress_bar("bases") as progress:
        counts = count_words(watched(read_blocks(path, soft_mask=soft_mask, unique=False), progress), order)
    detail(f"{path}: {int(counts[0].sum())} bases counted")
    try:
        return counted_background(
            counts, f"from:{base_name(path)}", symmetric=symmetric, pseudocount=pseudocount
        )
    except ValueError as error:
        raise SeqnetError(f"{path}: {error}") from error


class ScoredMotifs(NamedTuple):
    """PSSMs, and what their p-values are judged under."""

    pssms: list[Pssm]
    null: Background | None
    """The background that was asked for; None for each PSSM's own."""


def make_pssms(motifs: MotifSet, scoring: Scoring, *, keep: bool, source: str) -> ScoredMotifs:
    """Turn motifs into PSSMs.

    Parameters
    ----------
    keep
        Whether motifs that are PSSMs already stay as they are; an explicit background is then that
        of their p-values alone.
    source
        The motif file, for messages.
    """
    from seqnet.motifs.matrix import Pssm

    background = resolve_background(scoring.background, motifs.background)
    ready = keep and any(isinstance(motif, Pssm) for motif in motifs.motifs)
    if ready and (scoring.pseudocount is not None or scoring.preset is not None):
        raise UsageError(f"{source} holds scores already; --pseudocount and --preset are for 'seqnet pssm'")
    _note_missing_nsites([m for m in motifs.motifs if not isinstance(m, Pssm)], source)
    pssms: list[Pssm] = []
    for motif in motifs.motifs:
        if keep and isinstance(motif, Pssm):
            pssms.append(motif)
            continue
        try:
            pssms.append(_scored(motif, background, scoring))
        except ValueError as error:
            raise SeqnetError(f"{source}: {error}") from error
    detail(f"background {background.source}: {' '.join(f'{f:.4f}' for f in background.frequencies)}")
    return ScoredMotifs(pssms, background if ready and scoring.background else None)


def _scored(motif: Motif, background: Background, scoring: Scoring) -> Pssm:
    """Score one motif."""
    from seqnet.motifs.fimo import fimo_pssm
    from seqnet.motifs.matrix import to_pssm
    from seqnet.motifs.pseudocounts import DEFAULT

    if scoring.preset is not None:
        return fimo_pssm(motif, background)
    return to_pssm(motif, background, scoring.pseudocount or DEFAULT, scoring.spread)


def _note_missing_nsites(motifs: Sequence[Motif], source: str) -> None:
    """Say which motifs do not say how many sites they had."""
    from seqnet.motifs.pseudocounts import DEFAULT_NSITES

    unknown = [motif.info.name for motif in motifs if motif.info.nsites is None]
    if unknown:
        more = f" and {len(unknown) - 1} more" if len(unknown) > 1 else ""
        note(f"{source}: {unknown[0]}{more} without a number of sites; {DEFAULT_NSITES:g} taken")


class Threshold(NamedTuple):
    """What a window must reach: exactly one of these."""

    p_value: float | None = None
    score: float | None = None
    relative: float | None = None
    """Share of the way from a motif's lowest to its highest score."""


def make_scanners(scored: ScoredMotifs, threshold: Threshold, *, exact: bool = False) -> list[Scanner]:
    """Prepare PSSMs for one threshold, with a progress bar."""
    scanners = []
    with progress_bar("p-values", len(scored.pssms)) as progress:
        for pssm in scored.pssms:
            try:
                scanners.append(_scanner(pssm, threshold, scored.null, exact))
            except ValueError as error:
                raise SeqnetError(f"{pssm.info.name}: {error}") from error
            progress(1)
    _warn_of_loose_bounds(scanners)
    return scanners


def reachable_scanners(scored: ScoredMotifs, threshold: Threshold, *, exact: bool = False) -> list[Scanner]:
    """Prepare the motifs, leaving out those no window can reach the threshold of."""
    scanners = []
    for scanner in make_scanners(scored, threshold, exact=exact):
        name, (plus, minus) = scanner.pssm.info.name, scanner.thresholds
        if scanner.reachable:
            scanners.append(scanner)
            detail(f"{name}: threshold {plus:.4f} (+) {minus:.4f} (-) bits")
        else:
            warn(f"{name} cannot reach the threshold and is skipped")
    return scanners


def scoring_entries(scored: ScoredMotifs) -> dict[str, object]:
    """Return what decides scores and p-values, for provenance lines."""
    own = scored.pssms[0]
    null = scored.null or own.background
    return {
        "background": ",".join(f"{f:.6g}" for f in own.background.frequencies),
        "null": f"{null.source}, order {null.order}" if scored.null or null.order else None,
        "pseudocount": own.pseudocount,
    }


def worst_bound(scanners: Sequence[Scanner]) -> str:
    """Return the largest relative error of a p-value, for provenance lines."""
    return f"{max((scanner.bound for scanner in scanners), default=0.0):.2g}"


def _scanner(pssm: Pssm, threshold: Threshold, null: Background | None, exact: bool) -> Scanner:
    """Prepare one PSSM."""
    from seqnet.motifs.scan import make_scanner
    from seqnet.motifs.thresholds import relative_threshold

    score = threshold.score
    if threshold.relative is not None:
        score = relative_threshold(pssm, threshold.relative)
    return make_scanner(pssm, p_value=threshold.p_value, score=score, null=null, exact=exact)


def _warn_of_loose_bounds(scanners: Sequence[Scanner]) -> None:
    """Say which p-values may lie further above the true ones than the bound that is aimed at."""
    from seqnet.motifs.pvalue import RELATIVE_BOUND

    loose = [scanner for scanner in scanners if scanner.bound > RELATIVE_BOUND]
    if loose:
        worst = max(loose, key=lambda scanner: scanner.bound)
        name, share = worst.pssm.info.name, 100 * worst.bound
        warn(f"p-values of {len(loose)} motifs are upper bounds, up to {share:.2g} % high for {name}")
