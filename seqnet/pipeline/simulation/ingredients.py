"""What every simulation reads, and what it returns of its sites."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seqnet.aliases import Floats, Ints
from seqnet.datasets.simulation.letters import gc_background
from seqnet.errors import SeqnetError
from seqnet.formats.files.header import base_name, provenance
from seqnet.formats.sequences.simulated import TrueSite
from seqnet.genome.alphabet import decode
from seqnet.genome.intervals import STRAND_SIGNS
from seqnet.motifs.background import Background
from seqnet.motifs.matrix import Ppm, Pssm, to_ppm, to_pssm
from seqnet.pipeline.motifs.backgrounds import count_background, resolve_background
from seqnet.pipeline.motifs.sources import selected_motifs, usable_motifs
from seqnet.pipeline.simulation.request import DEFAULT_GC, SimulationRequest
from seqnet.pipeline.tables import ColumnTable, text_column, whole_column


@dataclass(frozen=True, eq=False)
class Ingredients:
    """What sequences are made of."""

    source: str
    """The file of motifs, for messages."""
    ppms: list[Ppm]
    pssms: list[Pssm]
    """Without pseudocounts, against the background's single frequencies: how sites are scored."""
    background: Background

    @property
    def names(self) -> list[str]:
        """The motifs' names."""
        return [ppm.info.name for ppm in self.ppms]


@dataclass(frozen=True, eq=False)
class SiteTable(ColumnTable):
    """The sites of simulated sequences, a row each, with the columns of the table of truth.

    Parameters
    ----------
    start, end
        int64, 0-based and half open.
    name
        The motif.
    score
        int64: ten times the log-odds score, rounded, within 0 to 1000.
    log_odds
        float64, bits.
    matched
        The letters of the site, on its strand.
    """

    chrom: NDArray[np.object_]
    start: Ints
    end: Ints
    name: NDArray[np.object_]
    score: Ints
    strand: NDArray[np.object_]
    log_odds: Floats
    matched: NDArray[np.object_]

    @staticmethod
    def of_sites(sites: Sequence[TrueSite]) -> SiteTable:
        """Return sites as columns."""
        return SiteTable(
            text_column([site.contig for site in sites]),
            whole_column([site.start for site in sites]),
            whole_column([site.end for site in sites]),
            text_column([site.motif for site in sites]),
            whole_column([site.score for site in sites]),
            text_column([STRAND_SIGNS[site.strand] for site in sites]),
            np.array([site.log_odds for site in sites], dtype=np.float64),
            text_column([decode(site.letters) for site in sites]),
        )


def load_ingredients(request: SimulationRequest) -> Ingredients:
    """Read the motifs and the background."""
    background = _background(request)
    motifs = selected_motifs(request.motifs, request)
    single = Background(background.frequencies)
    ppms = [ppm for _, ppm in usable_motifs(motifs, to_ppm)]
    try:
        pssms = [to_pssm(ppm, single, "0") for ppm in ppms]
    except ValueError as error:
        raise SeqnetError(f"{motifs.source}: {error}") from error
    return Ingredients(motifs.source, ppms, pssms, background)


def _background(request: SimulationRequest) -> Background:
    """Return the background that the request names."""
    spec = request.background
    if spec is None:
        return gc_background(DEFAULT_GC if request.gc is None else request.gc)
    if isinstance(spec, str) and request.order is not None:
        return count_background(spec.removeprefix("from:"), order=request.order)
    return resolve_background(spec)


def simulation_provenance(
    name: str, request: SimulationRequest, ingredients: Ingredients, settings: Mapping[str, object]
) -> dict[str, str]:
    """Return the ``##`` entries of what every simulation depends on, and of this one's settings."""
    background = ingredients.background
    entries = {
        "motifs": base_name(ingredients.source),
        "motif": tuple(ingredients.names) if request.motif_names else None,
        "background": f"{background.source}, order {background.order}",
        **{key: _text(value) for key, value in settings.items()},
        "seed": request.seed,
    }
    return provenance(f"simulate {name}", entries)


def _text(value: object) -> object:
    """Return a setting as it is typed; ranges as A-B or A, switches that are off not at all."""
    if isinstance(value, tuple):
        return "-".join(map(str, dict.fromkeys(value)))
    return None if value is False else value
