"""The steps ``simulate single``, ``density``, ``heterotypic``, ``spacing`` and ``localization``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeAlias

import numpy as np

from seqnet.datasets.simulation.grammars import Combination, Copies, Pair
from seqnet.datasets.simulation.letters import conditional_tables
from seqnet.datasets.simulation.sequences import ClassPlan, Simulated, letters_of_sites, simulate, site_score
from seqnet.errors import UsageError
from seqnet.formats.files.header import header_for
from seqnet.formats.files.opening import open_output
from seqnet.formats.regions.bed import write_regions
from seqnet.formats.sequences.fasta import write_fasta
from seqnet.formats.sequences.simulated import TrueSite, write_truth
from seqnet.genome.intervals import make_intervals
from seqnet.genome.regions import Regions, make_regions
from seqnet.genome.sequence import EncodedSequence
from seqnet.motifs.strands import strands_of
from seqnet.pipeline.calls import takes
from seqnet.pipeline.inputs.request import SplitOptions
from seqnet.pipeline.inputs.splits import apply_splits
from seqnet.pipeline.outputs import expect_writable
from seqnet.pipeline.simulation.ingredients import (
    Ingredients,
    SiteTable,
    load_ingredients,
    simulation_provenance,
)
from seqnet.pipeline.simulation.request import (
    DensityRequest,
    HeterotypicRequest,
    LocalizationRequest,
    SequenceRequest,
    SingleRequest,
    SpacingRequest,
)
from seqnet.reporting import note

_Grammar: TypeAlias = Copies | Combination | Pair


@dataclass(frozen=True, eq=False)
class SequenceResult:
    """Two classes of simulated sequences, and how many there are.

    Parameters
    ----------
    simulated
        Names, sequences as uint8 (n, length), targets as float64 (n, 1), positives first.
    labels
        A row for each sequence, the whole of it, with target and split.
    counts
        ``positives``, ``negatives`` and ``sites``.
    ingredients
        Motifs and background.
    """

    simulated: Simulated
    labels: Regions
    counts: Mapping[str, int]
    ingredients: Ingredients

    @cached_property
    def sites(self) -> SiteTable:
        """The sites of the sequences."""
        return SiteTable.of_sites(list(_true_sites(self.simulated, self.ingredients)))


@takes(SingleRequest)
def simulate_single(request: SingleRequest) -> SequenceResult:
    """Simulate positives with one site and negatives with none.

    With several motifs, each positive has a site of one of them.

    Parameters
    ----------
    request
        The fields of `SingleRequest`, which are the arguments of this function.

    Returns
    -------
    The sequences, their labels and sites; they are written too where outputs are given.

    Raises
    ------
    SeqnetError
        If the motifs cannot be read, their sites do not fit, or fields contradict each other.

    Examples
    --------
    >>> import seqnet
    >>> made = seqnet.simulate_single("motifs.jaspar", motif_names="CTCF", gc=0.5)  # doctest: +SKIP
    >>> made.simulated.codes.shape, made.simulated.targets.mean()  # doctest: +SKIP
    ((2000, 500), 0.5)
    """
    return _simulated(request, Copies(1, 1), Copies(0, 0))


@takes(DensityRequest)
def simulate_density(request: DensityRequest) -> SequenceResult:
    """Simulate positives with more sites of one motif than negatives.

    With several motifs, each sequence has sites of one of them.

    Parameters
    ----------
    request
        The fields of `DensityRequest`, which are the arguments of this function.

    Returns
    -------
    The sequences, their labels and sites; they are written too where outputs are given.

    Raises
    ------
    SeqnetError
        If the motifs cannot be read, their sites do not fit, or fields contradict each other.

    Examples
    --------
    >>> import seqnet
    >>> made = seqnet.simulate_density("motifs.jaspar", negative_copies=(1, 1))  # doctest: +SKIP
    >>> made.sites.to_pandas().groupby("chrom").size()  # doctest: +SKIP
    """
    return _simulated(request, Copies(*request.copies), Copies(*request.negative_copies))


@takes(HeterotypicRequest)
def simulate_heterotypic(request: HeterotypicRequest) -> SequenceResult:
    """Simulate positives with a site of each motif and negatives with sites of some of them.

    Sites come in any order, on either strand.

    Parameters
    ----------
    request
        The fields of `HeterotypicRequest`, which are the arguments of this function.

    Returns
    -------
    The sequences, their labels and sites; they are written too where outputs are given.

    Raises
    ------
    SeqnetError
        If the motifs cannot be read, their sites do not fit, or fields contradict each other.

    Examples
    --------
    >>> import seqnet
    >>> made = seqnet.simulate_heterotypic("motifs.jaspar", output="het.fa")  # doctest: +SKIP
    >>> made.counts  # doctest: +SKIP
    """
    return _simulated(request, Combination(), Combination(request.negative_motifs))


@takes(SpacingRequest)
def simulate_spacing(request: SpacingRequest) -> SequenceResult:
    """Simulate positives with two motifs at a distance, and negatives with both in any other way.

    The motifs are two, in the order of the file.

    Parameters
    ----------
    request
        The fields of `SpacingRequest`, which are the arguments of this function.

    Returns
    -------
    The sequences, their labels and sites; they are written too where outputs are given.

    Raises
    ------
    SeqnetError
        If the motifs cannot be read, their sites do not fit, or fields contradict each other.

    Examples
    --------
    >>> import seqnet
    >>> pair = seqnet.simulate_spacing("two.meme", spacing=(2, 5))  # doctest: +SKIP
    >>> pair.sites.rows()  # doctest: +SKIP
    """
    return _simulated(
        request,
        Pair(*request.spacing, request.fixed_order),
        Pair(*request.spacing, request.fixed_order, holds=False),
    )


@takes(LocalizationRequest)
def simulate_localization(request: LocalizationRequest) -> SequenceResult:
    """Simulate positives with sites of one motif in their centre, and negatives with as many elsewhere.

    With several motifs, each sequence has sites of one of them.

    Parameters
    ----------
    request
        The fields of `LocalizationRequest`, which are the arguments of this function.

    Returns
    -------
    The sequences, their labels and sites; they are written too where outputs are given.

    Raises
    ------
    SeqnetError
        If the motifs cannot be read, their sites do not fit, or fields contradict each other.

    Examples
    --------
    >>> import seqnet
    >>> made = seqnet.simulate_localization("motifs.jaspar", center=100)  # doctest: +SKIP
    >>> made.labels.splits  # doctest: +SKIP
    """
    return _simulated(
        request,
        Copies(*request.copies, "center", request.center),
        Copies(*request.copies, request.negative_place, request.center),
    )


def _simulated(request: SequenceRequest, positive: _Grammar, negative: _Grammar) -> SequenceResult:
    """Simulate two classes of sequences and write the outputs; sites of RNA lie on the forward strand."""
    expect_writable(request.output, request.labels_out, request.truth)
    ingredients = load_ingredients(request)
    forward = any(strands_of(ppm.info) == "forward" for ppm in ingredients.ppms)
    try:
        sequences = simulate(
            ClassPlan(request.positives, replace(positive, forward=forward)),
            ClassPlan(request.negatives, replace(negative, forward=forward)),
            ingredients.ppms,
            conditional_tables(ingredients.background),
            request.length,
            np.random.default_rng(request.seed),
        )
    except ValueError as error:
        raise UsageError(str(error)) from error
    labels = _labelled(sequences, request, ingredients.names)
    _write(request, sequences, labels, ingredients)
    n_sites = len(sequences.sites.start)
    note(
        f"{request.positives} positives and {request.negatives} negatives of {request.length} bases, "
        f"{n_sites} sites"
    )
    counts = {"positives": request.positives, "negatives": request.negatives, "sites": n_sites}
    return SequenceResult(sequences, labels, counts, ingredients)


def _write(request: SequenceRequest, sequences: Simulated, labels: Regions, ingredients: Ingredients) -> None:
    """Write the outputs that the request names."""
    header = header_for(request.header, _provenance(request, ingredients))
    if request.labels_out is not None:
        with open_output(request.labels_out) as stream:
            write_regions(stream, labels, header)
    if request.truth is not None:
        with open_output(request.truth) as stream:
            write_truth(stream, _true_sites(sequences, ingredients), header)
    if request.output is not None:
        with open_output(request.output) as stream:
            write_fasta(stream, map(EncodedSequence, sequences.names, sequences.codes))


def _labelled(sequences: Simulated, request: SequenceRequest, motifs: Sequence[str]) -> Regions:
    """Return the labels: every sequence is a contig, and its row is the whole of it."""
    n, length = sequences.codes.shape
    intervals = make_intervals(sequences.names, np.zeros(n), np.full(n, length))
    task = request.task or (motifs[0] if len(motifs) == 1 else request.grammar)
    return apply_splits(
        make_regions(intervals, names=sequences.names, tasks=[task], targets=sequences.targets),
        sequences.codes,
        SplitOptions(valid_fraction=request.valid_fraction, test_fraction=request.test_fraction),
        seed=request.seed,
        lengths=None,  # sequences, each as a separate contig
    ).regions


def _true_sites(sequences: Simulated, ingredients: Ingredients) -> Iterator[TrueSite]:
    """Return the sites as the sequences hold them."""
    letters = letters_of_sites(sequences.codes, sequences.sites, [ppm.width for ppm in ingredients.ppms])
    rows = zip(*(column.tolist() for column in sequences.sites), letters, strict=True)
    for sequence, motif, start, strand, own in rows:
        score = site_score(own, ingredients.pssms[motif])
        yield TrueSite(sequences.names[sequence], start, strand, ingredients.names[motif], score, own)


def _provenance(request: SequenceRequest, ingredients: Ingredients) -> dict[str, str]:
    """Return the ``##`` entries of labels and truth."""
    own = {
        "positives": request.positives,
        "negatives": request.negatives,
        "length": request.length,
        "valid-fraction": request.valid_fraction,
        "test-fraction": request.test_fraction,
    }
    return simulation_provenance(request.grammar, request, ingredients, {**own, **request.settings()})
