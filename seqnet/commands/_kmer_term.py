"""The linear term of gapped k-mers that ``train cnn`` adds to a network's outputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from seqnet.commands._console import progress_bar
from seqnet.errors import UsageError
from seqnet.networks.presets import DEFAULT_PRESET

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from seqnet.aliases import Codes, Floats
    from seqnet.commands._architecture import Architecture
    from seqnet.commands._training_data import TrainingData
    from seqnet.training.kmer_term import KmerTerm

kmer_term_option = click.option(
    "--kmer-term/--no-kmer-term",
    default=None,
    help="Add to the network's outputs a linear model of gapped k-mers of the same training rows, weighted "
    f"on the validation rows. Default: with the preset {DEFAULT_PRESET} for up to four binary tasks.",
)


def wants_term(asked: bool | None, architecture: Architecture, data: TrainingData) -> bool:
    """Tell whether a network gets the term: as asked, or where it is cheap beside the network."""
    from seqnet.training.kmer_term import MOST_TASKS

    plain = data.codes is not None and data.features is None and data.signals is None
    possible = plain and data.task_type == "binary" and data.weights is None
    if asked is None:
        chosen = architecture.described.get("preset") == DEFAULT_PRESET
        return possible and chosen and len(data.regions.tasks) <= MOST_TASKS
    if asked and not possible:
        raise UsageError("--kmer-term is for binary targets of sequences alone, of equal weight")
    return asked


def term_for(data: TrainingData, outputs: NDArray[np.float32], strands: str, seed: int) -> KmerTerm:
    """Fit the term.

    Parameters
    ----------
    outputs
        float32 (validation rows, T): the network's.
    strands
        How the network reads sequences.
    """
    from seqnet.training.kmer_term import fit_kmer_term, fitting_rows
    from seqnet.training.linear import STRENGTHS

    codes, targets = valid_rows(data)
    chosen = fitting_rows(len(codes), codes.shape[1], seed)
    valid = codes[chosen], targets[chosen]
    with progress_bar("solutions", len(STRENGTHS["hinge"]) * outputs.shape[1]) as progress:
        return fit_kmer_term(_fitted_rows(data, seed), valid, outputs[chosen], strands, progress)


def valid_rows(data: TrainingData) -> tuple[Codes, Floats]:
    """Return the sequences and targets of the validation rows."""
    assert data.codes is not None
    rows = data.rows("valid")
    return data.codes[rows], data.targets[rows]


def _fitted_rows(data: TrainingData, seed: int) -> tuple[Codes, Floats]:
    """Return the sequences and targets to fit to: training rows, and more draws of fresh negatives."""
    import numpy as np

    from seqnet.training.kmer_term import copies_of, fitting_rows

    assert data.codes is not None
    rows, fresh = data.rows("train"), data.fresh
    codes, targets = data.codes[rows], data.targets[rows]
    width = codes.shape[1]
    if fresh is not None:
        again = range(1, copies_of(len(rows), int(fresh.negatives.sum()), width))
        codes = np.concatenate([codes, *(fresh.epoch(number)[fresh.negatives] for number in again)])
        targets = np.concatenate([targets, *(targets[fresh.negatives] for _ in again)])
    chosen = fitting_rows(len(codes), width, seed)
    return codes[chosen], targets[chosen]
