"""Regulatory genomics from the shell: from aligned binding sites to a genome-wide prediction track.

The pipeline, in order: ``build-pwm`` (aligned sites to a motif), ``pssm`` (log-odds scores under a
background), ``scan`` (motif scores along sequences), ``kmer-featurize`` (k-mer tables), ``train``
(linear, dense and convolutional models), ``predict`` (BED and bigWig), ``evaluate`` (metrics), ``explain``
(attributions).
Every step is a subcommand of ``seqnet`` and a function of this package, loaded when it is first used; the
options of the one are the arguments of the other. Functions return their results, and write files only where
they are given a path. Warnings are shown, notes are not (see `seqnet.reporting`).

Examples
--------
>>> import seqnet
>>> hits = seqnet.scan("reb1.pssm", "genome.fa.gz").hits  # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from seqnet.lookup import resolve
from seqnet.version import __version__

if TYPE_CHECKING:
    from seqnet.pipeline.checks.run import check as check
    from seqnet.pipeline.coverage.run import coverage as coverage
    from seqnet.pipeline.description.files import show as show
    from seqnet.pipeline.discovery.run import discover as discover
    from seqnet.pipeline.evaluation.run import evaluate as evaluate
    from seqnet.pipeline.explanation.run import explain as explain
    from seqnet.pipeline.kmers.featurize import kmer_featurize as kmer_featurize
    from seqnet.pipeline.labels.labelling import label as label
    from seqnet.pipeline.labels.negatives import negatives as negatives
    from seqnet.pipeline.motifs.backgrounds import background as background
    from seqnet.pipeline.motifs.building import build_pwm as build_pwm
    from seqnet.pipeline.motifs.comparison import compare as compare
    from seqnet.pipeline.motifs.conversion import convert as convert
    from seqnet.pipeline.motifs.enrichment import enrich as enrich
    from seqnet.pipeline.motifs.logos import logo as logo
    from seqnet.pipeline.motifs.scoring import pssm as pssm
    from seqnet.pipeline.networks import train_cnn as train_cnn
    from seqnet.pipeline.networks import train_denoise as train_denoise
    from seqnet.pipeline.networks import train_dense as train_dense
    from seqnet.pipeline.perturbation.run import perturb as perturb
    from seqnet.pipeline.prediction.run import predict as predict
    from seqnet.pipeline.scan.merging import merge_hits as merge_hits
    from seqnet.pipeline.scan.run import scan as scan
    from seqnet.pipeline.simulation.genomes import simulate_genome as simulate_genome
    from seqnet.pipeline.simulation.sequences import simulate_density as simulate_density
    from seqnet.pipeline.simulation.sequences import simulate_heterotypic as simulate_heterotypic
    from seqnet.pipeline.simulation.sequences import simulate_localization as simulate_localization
    from seqnet.pipeline.simulation.sequences import simulate_single as simulate_single
    from seqnet.pipeline.simulation.sequences import simulate_spacing as simulate_spacing
    from seqnet.pipeline.training.linear import train_linear as train_linear
    from seqnet.pipeline.variants.run import variants as variants

API = {
    "build_pwm": "seqnet.pipeline.motifs.building:build_pwm",
    "pssm": "seqnet.pipeline.motifs.scoring:pssm",
    "scan": "seqnet.pipeline.scan.run:scan",
    "background": "seqnet.pipeline.motifs.backgrounds:background",
    "convert": "seqnet.pipeline.motifs.conversion:convert",
    "check": "seqnet.pipeline.checks.run:check",
    "coverage": "seqnet.pipeline.coverage.run:coverage",
    "label": "seqnet.pipeline.labels.labelling:label",
    "negatives": "seqnet.pipeline.labels.negatives:negatives",
    "train_linear": "seqnet.pipeline.training.linear:train_linear",
    "train_dense": "seqnet.pipeline.networks:train_dense",
    "train_cnn": "seqnet.pipeline.networks:train_cnn",
    "train_denoise": "seqnet.pipeline.networks:train_denoise",
    "predict": "seqnet.pipeline.prediction.run:predict",
    "evaluate": "seqnet.pipeline.evaluation.run:evaluate",
    "explain": "seqnet.pipeline.explanation.run:explain",
    "discover": "seqnet.pipeline.discovery.run:discover",
    "perturb": "seqnet.pipeline.perturbation.run:perturb",
    "variants": "seqnet.pipeline.variants.run:variants",
    "merge_hits": "seqnet.pipeline.scan.merging:merge_hits",
    "enrich": "seqnet.pipeline.motifs.enrichment:enrich",
    "compare": "seqnet.pipeline.motifs.comparison:compare",
    "logo": "seqnet.pipeline.motifs.logos:logo",
    "kmer_featurize": "seqnet.pipeline.kmers.featurize:kmer_featurize",
    "simulate_single": "seqnet.pipeline.simulation.sequences:simulate_single",
    "simulate_density": "seqnet.pipeline.simulation.sequences:simulate_density",
    "simulate_heterotypic": "seqnet.pipeline.simulation.sequences:simulate_heterotypic",
    "simulate_spacing": "seqnet.pipeline.simulation.sequences:simulate_spacing",
    "simulate_localization": "seqnet.pipeline.simulation.sequences:simulate_localization",
    "simulate_genome": "seqnet.pipeline.simulation.genomes:simulate_genome",
    "show": "seqnet.pipeline.description.files:show",
}
"""Name of each public function to where it lives."""
__all__ = ["API", "__version__", *API]


def __getattr__(name: str) -> object:
    """Load a public function."""
    if name in API:
        return resolve(API[name])
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """Return the public names, loaded or not."""
    return sorted(__all__)
