"""What the simulate commands share: their options, what they read, what they write."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from seqnet.commands._console import note
from seqnet.commands._options import (
    Function,
    combine,
    common_options,
    fraction_options,
    header_option,
    motif_options,
    output_option,
    seed_option,
)
from seqnet.errors import SeqnetError, UsageError

if TYPE_CHECKING:
    from seqnet.datasets.simulation.grammars import Grammar
    from seqnet.datasets.simulation.sequences import Simulated
    from seqnet.formats.simulated import TrueSite
    from seqnet.genome.regions import Regions
    from seqnet.motifs.background import Background
    from seqnet.motifs.matrix import Ppm, Pssm

DEFAULT_GC = 0.4
LARGEST_ORDER = 8


def range_option(name: str, default: str, help: str, least: int = 0) -> Callable[[Function], Function]:
    """Return an option that takes whole numbers ``A-B``, or a single ``A``, as (low, high)."""

    def read(_ctx: click.Context, _param: click.Parameter, value: str) -> tuple[int, int]:
        first, dash, second = value.partition("-")
        second = second if dash else first
        if not (first.isdecimal() and second.isdecimal() and least <= int(first) <= int(second)):
            raise click.BadParameter(f"{value!r}; expected A-B with {least} <= A <= B, or one number")
        return int(first), int(second)

    return click.option(name, callback=read, default=default, show_default=True, metavar="A-B", help=help)


simulation_options = combine(
    click.argument("motifs", default="-"),
    motif_options,
    click.option(
        "--gc", type=click.FloatRange(0, 1, min_open=True, max_open=True), metavar="X",
        help=f"Share of G and C in a background of independent letters (default {DEFAULT_GC}).",
    ),
    click.option(
        "--background", metavar="SPEC",
        help="Instead of --gc: uniform, a MEME background file of any order, from:FASTA (counted on "
        "both strands), or four numbers A,C,G,T.",
    ),
    click.option(
        "--order", type=click.IntRange(0, LARGEST_ORDER), metavar="K",
        help="Order of the Markov model that --background from:FASTA is learnt with (default 0).",
    ),
    click.option("--truth", metavar="BED", help="Write every site: motif, strand, score, letters."),
    seed_option,
    header_option,
    common_options,
)  # fmt: skip
sequence_options = combine(
    simulation_options,
    click.option("--positives", type=click.IntRange(0), default=1000, show_default=True,
                 help="Sequences of the positive class."),
    click.option("--negatives", type=click.IntRange(0), default=1000, show_default=True,
                 help="Sequences of the negative class."),
    click.option("--length", type=click.IntRange(1), default=500, show_default=True,
                 help="Bases per sequence."),
    click.option("--labels-out", "labels", metavar="BED",
                 help="Write labelled regions, each a whole sequence."),
    click.option("--task", metavar="NAME", help="Name of the task (default: the motif, or the grammar)."),
    fraction_options,
    output_option("FASTA file; the suffix picks compression."),
)  # fmt: skip


@dataclass(frozen=True)
class SimulationOptions:
    """The values of `simulation_options`, and of ``--output``."""

    motifs: str
    motif_names: tuple[str, ...]
    motif_format: str | None
    gc: float | None
    background: str | None
    order: int | None
    truth: str | None
    seed: int
    with_header: bool
    output: str


@dataclass(frozen=True)
class SequenceOptions(SimulationOptions):
    """The values of `sequence_options`."""

    positives: int
    negatives: int
    length: int
    labels: str | None
    task: str | None
    valid_fraction: float | None
    test_fraction: float | None


@dataclass(frozen=True, eq=False)
class Ingredients:
    """What sequences are made of."""

    ppms: list[Ppm]
    pssms: list[Pssm]
    """Without pseudocounts, against the background's single frequencies: how sites are scored."""
    background: Background

    @property
    def names(self) -> list[str]:
        """The motifs' names."""
        return [ppm.info.name for ppm in self.ppms]


def load_ingredients(options: SimulationOptions) -> Ingredients:
    """Read the motifs and the background."""
    from seqnet.commands._motifs import load_motifs
    from seqnet.motifs.background import Background
    from seqnet.motifs.matrix import to_ppm, to_pssm

    background = _background(options)
    found = load_motifs(options.motifs, options.motif_names, options.motif_format)
    single = Background(background.frequencies)
    try:
        ppms = [to_ppm(motif) for motif in found.motifs]
        return Ingredients(ppms, [to_pssm(ppm, single, "0") for ppm in ppms], background)
    except ValueError as error:
        raise SeqnetError(f"{options.motifs}: {error}") from error


def _background(options: SimulationOptions) -> Background:
    """Return the background that the options ask for."""
    from seqnet.commands._motifs import count_background, resolve_background
    from seqnet.datasets.simulation.letters import gc_background

    spec = options.background
    if spec is not None and options.gc is not None:
        raise UsageError("--gc and --background exclude each other")
    if options.order is not None and not (spec or "").startswith("from:"):
        raise UsageError("--order goes with --background from:FASTA; a background file has its own order")
    if spec is None:
        return gc_background(DEFAULT_GC if options.gc is None else options.gc)
    if options.order is not None:
        return count_background(spec.removeprefix("from:"), order=options.order)
    return resolve_background(spec)


def refuse_shared_paths(paths: Mapping[str, str | None]) -> None:
    """Raise if two outputs, by option, have one path."""
    seen: dict[str, str] = {}
    for option, path in paths.items():
        if path is not None and seen.setdefault(path, option) != option:
            raise UsageError(f"{seen[path]} and {option} would both be written to {path}")


def simulate_sequences(
    name: str,
    options: SequenceOptions,
    positive: Grammar,
    negative: Grammar,
    settings: Mapping[str, object],
) -> None:
    """Simulate two classes of sequences and write what was asked for.

    Parameters
    ----------
    name
        The grammar's.
    settings
        Its options, for provenance.
    """
    import numpy as np

    from seqnet.datasets.simulation.letters import conditional_tables
    from seqnet.datasets.simulation.sequences import ClassPlan, simulate
    from seqnet.formats._open import open_output
    from seqnet.formats.bed import write_regions
    from seqnet.formats.fasta import write_fasta
    from seqnet.formats.simulated import write_truth
    from seqnet.genome.sequence import EncodedSequence

    refuse_shared_paths({"-o": options.output, "--labels-out": options.labels, "--truth": options.truth})
    if not options.positives + options.negatives:
        raise UsageError("--positives 0 --negatives 0 leaves nothing to simulate")
    with ExitStack() as stack:
        stream = stack.enter_context(open_output(options.output))
        given = load_ingredients(options)
        try:
            made = simulate(
                ClassPlan(options.positives, positive),
                ClassPlan(options.negatives, negative),
                given.ppms,
                conditional_tables(given.background),
                options.length,
                np.random.default_rng(options.seed),
            )
        except ValueError as error:
            raise UsageError(str(error)) from error
        header = _provenance(name, options, given, settings) if options.with_header else None
        if options.labels is not None:
            side = stack.enter_context(open_output(options.labels))
            write_regions(side, _labelled(made, options, given.names, name), header)
        if options.truth is not None:
            side = stack.enter_context(open_output(options.truth))
            write_truth(side, _true_sites(made, given), header)
        write_fasta(stream, map(EncodedSequence, made.names, made.codes))
    note(
        f"{options.positives} positives and {options.negatives} negatives of {options.length} bases, "
        f"{len(made.sites.start)} sites"
    )


def _labelled(made: Simulated, options: SequenceOptions, motifs: Sequence[str], name: str) -> Regions:
    """Return the labels: every sequence is a contig, and its row is the whole of it."""
    import numpy as np

    from seqnet.commands._load import apply_splits
    from seqnet.genome.intervals import make_intervals
    from seqnet.genome.regions import make_regions

    n, length = made.codes.shape
    intervals = make_intervals(made.names, np.zeros(n), np.full(n, length))
    task = options.task or (motifs[0] if len(motifs) == 1 else name)
    return apply_splits(
        make_regions(intervals, names=made.names, tasks=[task], targets=made.targets),
        made.codes,
        valid_chroms=(),
        test_chroms=(),
        valid_fraction=options.valid_fraction,
        test_fraction=options.test_fraction,
        seed=options.seed,
    )


def _true_sites(made: Simulated, given: Ingredients) -> Iterator[TrueSite]:
    """Return the sites as the sequences hold them."""
    from seqnet.datasets.simulation.sequences import read_sites, site_score
    from seqnet.formats.simulated import TrueSite

    letters = read_sites(made.codes, made.sites, [ppm.width for ppm in given.ppms])
    rows = zip(*(column.tolist() for column in made.sites), letters, strict=True)
    for sequence, motif, start, strand, own in rows:
        score = site_score(own, given.pssms[motif])
        yield TrueSite(made.names[sequence], start, strand, given.names[motif], score, own)


def _provenance(
    name: str, options: SequenceOptions, given: Ingredients, settings: Mapping[str, object]
) -> dict[str, str]:
    """Return the ``##`` entries of labels and truth."""
    own = {
        "positives": options.positives,
        "negatives": options.negatives,
        "length": options.length,
        "valid-fraction": options.valid_fraction,
        "test-fraction": options.test_fraction,
    }
    return simulation_provenance(name, options, given, {**own, **settings})


def simulation_provenance(
    name: str, options: SimulationOptions, given: Ingredients, settings: Mapping[str, object]
) -> dict[str, str]:
    """Return the ``##`` entries of what every simulation depends on, and of its own settings."""
    from seqnet.formats.header import base_name, provenance

    background = given.background
    entries = {
        "motifs": base_name(options.motifs),
        "motif": ",".join(given.names) if options.motif_names else None,
        "background": f"{background.source}, order {background.order}",
        **{key: _text(value) for key, value in settings.items()},
        "seed": options.seed,
    }
    return provenance(f"simulate {name}", entries)


def _text(value: object) -> object:
    """Return a setting as it is typed; ranges as A-B or A, switches that are off not at all."""
    if isinstance(value, tuple):
        return "-".join(map(str, dict.fromkeys(value)))
    return None if value is False else value
