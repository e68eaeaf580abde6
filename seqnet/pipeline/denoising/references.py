"""Simple estimates of deep tracks to compare with: the inputs as they are, scaled, and smoothed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from seqnet.aliases import Bools, Floats
from seqnet.errors import SeqnetError
from seqnet.genome.signals.smoothing import Smoother, fit_smoother
from seqnet.genome.signals.tracks import DenseTrack
from seqnet.networks.model import Model
from seqnet.pipeline.denoising.splits import held_bins
from seqnet.reporting import note

MEAN_NAME = "mean of inputs"
"""Name of the mean of several inputs, each divided by its own mean."""
AS_IT_IS, SCALED, SMOOTHED = " as it is", " scaled", " smoothed"
"""How names of references end."""
COMPARED = {AS_IT_IS: ("pearson",), SCALED: ("mse",), SMOOTHED: ("pearson", "mse")}
"""End of a name to the metrics that count: scaling changes no correlation, and brings the units together."""


class Reference(NamedTuple):
    """A simple estimate of a deep track: a weighted sum of the inputs, as it is or smoothed and scaled."""

    name: str
    """Of the input, and what was done to it."""
    weights: tuple[float, ...]
    """What each input is multiplied by."""
    smoother: Smoother | None = None
    """What is applied to the sum; None where it is taken as it is."""

    def apply(self, tracks: Sequence[DenseTrack]) -> Floats:
        """Return the estimate along all bins of the inputs, float64 (bins,)."""
        values = _weighted(tracks, self.weights)
        return values if self.smoother is None else self.smoother.apply(values, tracks[0].layout.offsets)

    def described(self, step: int) -> str:
        """Return what is done to the input, in words; empty where it is as it is.

        Parameters
        ----------
        step
            Bases per bin.
        """
        if self.smoother is None:
            return ""
        width, scale = self.smoother
        smoothing = f"smoothed by a Gaussian of {width * step:g} bases, " if width else ""
        return f"{smoothing}times {scale:.4g}"


def _weighted(tracks: Sequence[DenseTrack], weights: Sequence[float]) -> Floats:
    """Return the weighted sum of tracks, float64 (bins,)."""
    values = np.zeros(len(tracks[0].values))
    for track, weight in zip(tracks, weights, strict=True):
        if weight:
            values += weight * track.values.astype(np.float64)
    return values


def unchanged(names: Sequence[str]) -> list[Reference]:
    """Return the inputs as they are."""
    return [
        Reference(f"{name}{AS_IT_IS}", tuple(float(other == number) for other in range(len(names))))
        for number, name in enumerate(names)
    ]


def fitted(tracks: Sequence[DenseTrack], target: DenseTrack, rows: Bools) -> list[Reference]:
    """Return each input scaled, and smoothed and scaled, as is closest to a deep track in some bins.

    Of several inputs there is their mean too, after each was divided by its own mean in these bins.

    Parameters
    ----------
    rows
        bool (bins,): those of the validation part.
    """
    sums = {one.name.removesuffix(AS_IT_IS): one.weights for one in unchanged([t.name for t in tracks])}
    if len(tracks) > 1:
        levels = [float(track.values[rows].mean(dtype=np.float64)) for track in tracks]
        sums[MEAN_NAME] = tuple(1 / (len(tracks) * (level or 1.0)) for level in levels)
    references = []
    for name, weights in sums.items():
        pair = (_weighted(tracks, weights), target.values, target.layout.offsets, rows)
        references += [
            Reference(f"{name}{SCALED}", weights, fit_smoother(*pair, widths=(0.0,))),
            Reference(f"{name}{SMOOTHED}", weights, fit_smoother(*pair)),
        ]
    return references


def note_references(target: str, references: Sequence[Reference], step: int) -> None:
    """Report the smoothers and factors that were fitted for a deep track."""
    for one in references:
        if one.smoother is not None:
            note(f"{target}: {one.name}: {one.described(step)}, fitted to the validation bins")


def validation_part(model: Model, lengths: Mapping[str, int], step: int) -> tuple[dict[str, int], Bools]:
    """Return the contigs on which a model was validated, among some, and which of their bins were.

    Parameters
    ----------
    lengths
        Contig name to length in bases.

    Raises
    ------
    SeqnetError
        If none of the contigs was used for validation.
    """
    names = set(model.header["splits"].get("valid", {}).get("contigs", ()))
    chosen = {name: length for name, length in lengths.items() if name in names}
    if not chosen:
        raise SeqnetError("the tracks have none of the contigs that the model was validated on")
    return chosen, held_bins(model, "valid", chosen, step)
