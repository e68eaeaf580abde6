"""The linear term of gapped k-mers that ``train cnn`` adds to a network's outputs."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from seqnet.errors import UsageError
from seqnet.inference.terms.kmer_term import KmerTerm
from seqnet.linear.fit import STRENGTHS
from seqnet.linear.shared import GRAM_PENALTIES, relative_loss
from seqnet.networks.presets import DEFAULT_PRESET
from seqnet.pipeline.training.data import Sequences, TrainingData
from seqnet.pipeline.training.terms.kmer_fit import (
    MOST_ROWS,
    MOST_TASKS,
    TermRows,
    fit_kmer_ridge,
    fit_kmer_term,
)
from seqnet.pipeline.training.terms.span import decided_span
from seqnet.reporting import note, progress_bar

if TYPE_CHECKING:
    from seqnet.aliases import Floats
    from seqnet.pipeline.training.architecture import Architecture

STRAND_ROWS = 3_000
"""Rows of a split by which strands are decided."""
ONLY_FOR = "is for binary targets and regressions of sequences alone, of equal weight"
"""Which data terms are for."""


def takes_terms(data: TrainingData) -> bool:
    """Return whether terms can be added: for classes or numbers, of sequences alone, of equal weight."""
    known = data.task_type in ("binary", "regression")
    return isinstance(data.material, Sequences) and known and data.weights is None


def wants_term(choice: bool | None, architecture: Architecture, data: TrainingData) -> bool:
    """Return whether a network gets the term: as requested, or with the default preset."""
    possible = takes_terms(data)
    if choice is None:
        return possible and architecture.described.get("preset") == DEFAULT_PRESET
    if choice and not possible:
        raise UsageError(f"--kmer-term {ONLY_FOR}")
    return choice


def fit_term(train: TermRows, valid: TermRows, strands: str, seed: int, *, binary: bool) -> KmerTerm:
    """Fit the term: a few binary tasks one by one (squared hinge), others together (ridge)."""
    span = decided_span(partial(_ridge_outputs, strands=strands), "k-mers", train, valid, seed)
    term = _fitted(train.middle(span), valid.middle(span), strands, seed, binary=binary)
    return replace(term, span=span)


def _fitted(train: TermRows, valid: TermRows, strands: str, seed: int, *, binary: bool) -> KmerTerm:
    """Fit the term to sequences of which it reads everything."""
    tasks = train.targets.shape[1]
    if binary and tasks <= MOST_TASKS:
        with progress_bar("solutions", len(STRENGTHS["hinge"]) * tasks) as progress:
            return fit_kmer_term(train, valid, strands, progress)
    fewer = train.drawn(seed, MOST_ROWS)
    with progress_bar("penalties of k-mers", len(GRAM_PENALTIES)) as progress:
        return fit_kmer_ridge(fewer, valid, strands, binary=binary, progress=progress)


def _ridge_outputs(train: TermRows, valid: TermRows, strands: str) -> Floats:
    """Return what ridge regressions of k-mers make of the validation rows, float64 (n, T)."""
    return fit_kmer_ridge(train, valid, strands, binary=False).products(valid.codes)


def decided_strands(data: TrainingData, seed: int) -> str:
    """Return whether sequences are better read on ``both`` strands or ``forward``, and say so.

    Ridge regressions of k-mers of either kind are fitted to some training rows; the one with the lower
    squared error on the validation rows decides, ``forward`` where none is known.
    """
    if data.codes is None:
        return "forward"
    losses = {}
    for strands in ("forward", "both"):
        train, valid = _some(data, "train", seed), _some(data, "valid", seed)
        outputs = _ridge_outputs(train, valid, strands)
        losses[strands] = relative_loss("mse", outputs, valid.targets, train.targets)
    chosen = "both" if losses["both"] < losses["forward"] else "forward"
    errors = f"{losses['forward']:.3f} of the variance forward, {losses['both']:.3f} on both strands"
    note(f"sequences are read {_READ[chosen]}: k-mers leave {errors} on the validation rows (see --strands)")
    return chosen


_READ = {"forward": "forward", "both": "on both strands"}


def _some(data: TrainingData, split: str, seed: int) -> TermRows:
    """Return rows of a split, a bounded number of them drawn at random."""
    assert data.codes is not None
    rows = data.rows(split)
    return TermRows(data.codes[rows], data.targets[rows]).drawn(seed, STRAND_ROWS)
