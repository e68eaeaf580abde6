"""Reading motifs, and preparing them to score sequences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

import numpy as np

from seqnet.errors import SeqnetError, UsageError
from seqnet.formats import MOTIF_READERS
from seqnet.formats.motifs.any_format import read_motifs
from seqnet.formats.motifs.entries import Entries
from seqnet.motifs.background import Background
from seqnet.motifs.matrix import Motif, MotifSet, Pssm, fimo_pssm, to_pssm
from seqnet.motifs.pseudocounts import DEFAULT, DEFAULT_NSITES
from seqnet.motifs.scan import Scanner, make_scanner
from seqnet.motifs.significance.pvalue import RELATIVE_BOUND
from seqnet.motifs.significance.thresholds import relative_threshold
from seqnet.motifs.strands import Strands, strand_count, strands_of
from seqnet.pipeline.motifs.backgrounds import resolve_background
from seqnet.pipeline.motifs.request import STRICT, MotifRules, MotifSelection, Scoring, Threshold
from seqnet.reporting import detail, note, progress_bar, warn

Made = TypeVar("Made")


def check_motif_format(name: str | None) -> None:
    """Refuse a name that no motif format has."""
    if name is not None and name not in MOTIF_READERS:
        raise UsageError(f"{name!r} is no motif format; expected one of {', '.join(MOTIF_READERS)}")


class MotifCollection(NamedTuple):
    """Motifs, where they come from, and how those that are of no use are handled."""

    motifs: MotifSet
    source: str
    """The file, for messages."""
    rules: MotifRules = STRICT


def motif_source(motifs: str | MotifSet) -> str:
    """Return how messages and headers name motifs."""
    return motifs if isinstance(motifs, str) else "motifs"


def load_motifs(
    motifs: str | MotifSet,
    names: Sequence[str] = (),
    motif_format: str | None = None,
    rules: MotifRules = STRICT,
) -> MotifCollection:
    """Read motifs, or take them as they are, restricted to names or alternate names that match.

    Parameters
    ----------
    motifs
        File, or the motifs themselves.
    """
    check_motif_format(motif_format)
    source = motif_source(motifs)
    if isinstance(motifs, str):
        return MotifCollection(read_motifs(motifs, motif_format, names, *rules), source, rules)
    chosen = Entries.of(motifs, source).chosen(names, *rules)
    return MotifCollection(chosen, source, rules)


def selected_motifs(motifs: str | MotifSet, selection: MotifSelection) -> MotifCollection:
    """Read motifs as a request selects them; otherwise as `load_motifs`."""
    return load_motifs(motifs, selection.motif_names, selection.motif_format, selection.rules)


def usable_motifs(collection: MotifCollection, make: Callable[[Motif], Made]) -> list[tuple[Motif, Made]]:
    """Return motifs with what is made of each; those it cannot be made of are handled as bad ones.

    Parameters
    ----------
    make
        Raises ValueError where it cannot.
    """
    usable: list[tuple[Motif, Made]] = []
    source = collection.source
    for motif in collection.motifs.motifs:
        try:
            usable.append((motif, make(motif)))
        except ValueError as error:
            if collection.rules.on_bad == "error":
                raise SeqnetError(f"{source}: {error}") from error
            warn(f"{source}: {error}; motif skipped")
    if not usable:
        raise SeqnetError(f"{source}: holds no usable motif")
    return usable


class ScoredMotifs(NamedTuple):
    """PSSMs, and the background of their p-values."""

    pssms: list[Pssm]
    null: Background | None
    """The requested background; None for each PSSM's own."""


def make_pssms(collection: MotifCollection, scoring: Scoring, *, keep: bool) -> ScoredMotifs:
    """Turn motifs into PSSMs.

    Parameters
    ----------
    keep
        Whether motifs that are PSSMs already stay as they are; an explicit background is then that
        of their p-values alone.
    """
    motifs, source = collection.motifs, collection.source
    background = resolve_background(scoring.background, motifs.background)
    ready = keep and any(isinstance(motif, Pssm) for motif in motifs.motifs)
    if ready and (scoring.pseudocount is not None or scoring.preset is not None):
        raise UsageError(f"{source} holds scores already; --pseudocount and --preset are for 'seqnet pssm'")
    _note_missing_nsites([m for m in motifs.motifs if not isinstance(m, Pssm)], source)

    def scored(motif: Motif) -> Pssm:
        return motif if keep and isinstance(motif, Pssm) else _scored(motif, background, scoring)

    pssms = [pssm for _, pssm in usable_motifs(collection, scored)]
    detail(f"background {background.source}: {' '.join(f'{f:.4f}' for f in background.frequencies)}")
    return ScoredMotifs(pssms, background if ready and scoring.background else None)


def _scored(motif: Motif, background: Background, scoring: Scoring) -> Pssm:
    """Score one motif."""
    if scoring.preset is not None:
        return fimo_pssm(motif, background)
    return to_pssm(motif, background, scoring.pseudocount or DEFAULT, scoring.spread)


def _note_missing_nsites(motifs: Sequence[Motif], source: str) -> None:
    """Note which motifs have no number of sites."""
    unknown = [motif.info.name for motif in motifs if motif.info.nsites is None]
    if unknown:
        more = f" and {len(unknown) - 1} more" if len(unknown) > 1 else ""
        note(f"{source}: {unknown[0]}{more} without a number of sites; {DEFAULT_NSITES:g} taken")


def note_one_strand(scored: ScoredMotifs, strands: Strands | None, source: str) -> None:
    """Name ``--strands`` where both strands are scanned for motifs found on one strand alone."""
    if strands is None and any(
        pssm.info.one_strand and strands_of(pssm.info) == "both" for pssm in scored.pssms
    ):
        note(
            f"{source}: the motifs were found on the given strand alone (strands: +), but both strands are "
            "scanned; --strands forward scans one"
        )


def shared_strands(scored: ScoredMotifs, strands: Strands | None) -> str | None:
    """Return which strands are scanned, for provenance lines; None where all motifs are on both."""
    strands_read = {strands_of(pssm.info, strands) for pssm in scored.pssms}
    if len(strands_read) > 1:
        return "by alphabet"
    return None if strands_read == {"both"} else str(*strands_read)


def make_scanners(
    scored: ScoredMotifs, threshold: Threshold, *, exact: bool = False, strands: Strands | None = None
) -> list[Scanner]:
    """Prepare PSSMs for one threshold, with a progress bar.

    Parameters
    ----------
    strands
        Which to scan; None decides by each motif's alphabet.
    """
    scanners = []
    if threshold.of_file:
        _note_foreign_thresholds(scored.pssms)
    with progress_bar("p-values", len(scored.pssms)) as progress:
        for pssm in scored.pssms:
            try:
                scanners.append(_scanner(pssm, threshold, scored.null, exact, strands))
            except ValueError as error:
                raise SeqnetError(f"{pssm.info.name}: {error}") from error
            progress(1)
    _warn_of_loose_bounds(scanners)
    return scanners


def _note_foreign_thresholds(pssms: Sequence[Pssm]) -> None:
    """Note that thresholds of a motif file hold for other scores, where those here are made differently."""
    alike = all(
        pssm.pseudocount == "none"
        and not pssm.background.order
        and np.allclose(pssm.background.frequencies, 0.25)
        for pssm in pssms
    )
    if not alike:
        note(
            "--score file: the thresholds are for scores of the program that wrote the motif file (HOMER: "
            "uniform background, its own pseudocount); --background uniform --pseudocount none is nearest"
        )


def reachable_scanners(
    scored: ScoredMotifs, threshold: Threshold, *, exact: bool = False, strands: Strands | None = None
) -> list[Scanner]:
    """Prepare the motifs, leaving out those no window can reach the threshold of."""
    scanners = []
    for scanner in make_scanners(scored, threshold, exact=exact, strands=strands):
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


def _scanner(
    pssm: Pssm, threshold: Threshold, null: Background | None, exact: bool, choice: Strands | None
) -> Scanner:
    """Prepare one PSSM."""
    strands = strands_of(pssm.info, choice)
    score, p_value = threshold.score, threshold.p_value
    if threshold.of_file:
        if pssm.info.threshold is None:
            raise ValueError("has no threshold in the motif file; give --score BITS or --p-value")
        score = pssm.info.threshold
    if threshold.relative is not None:
        score = relative_threshold(pssm, threshold.relative)
    if threshold.hits_per_mb is not None:
        p_value = min(1.0, threshold.hits_per_mb / (strand_count(strands) * 1e6))
    return make_scanner(pssm, p_value=p_value, score=score, null=null, exact=exact, strands=strands)


def _warn_of_loose_bounds(scanners: Sequence[Scanner]) -> None:
    """Say which p-values may lie further above the true ones than the bound that is aimed at."""
    loose = [scanner for scanner in scanners if scanner.bound > RELATIVE_BOUND]
    if loose:
        worst = max(loose, key=lambda scanner: scanner.bound)
        name, share = worst.pssm.info.name, 100 * worst.bound
        warn(f"p-values of {len(loose)} motifs are upper bounds, up to {share:.2g} % high for {name}")
