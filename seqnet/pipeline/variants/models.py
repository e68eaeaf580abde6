"""Models and motifs of a request, made ready for variants."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from seqnet.errors import SeqnetError, UsageError
from seqnet.formats.files.header import base_name, header_for, provenance
from seqnet.formats.files.sniff import expecting, known_kind
from seqnet.formats.tracks.finished_contigs import Parts
from seqnet.formats.variants.records import is_vcf
from seqnet.motifs.matrix import MotifSet
from seqnet.networks.model import SCORES_TYPE, Model
from seqnet.pipeline.denoising.targets import denoises
from seqnet.pipeline.inputs.model_inputs import warn_other_bases
from seqnet.pipeline.inputs.models import load_model, model_digest, model_label, model_source
from seqnet.pipeline.inputs.signals import ordered_source
from seqnet.pipeline.motifs.request import STRICT, MotifRules, Scoring
from seqnet.pipeline.motifs.sources import ScoredMotifs, load_motifs, make_pssms
from seqnet.pipeline.prediction.model import load_predictor
from seqnet.pipeline.variants.effects import ModelScorer, ReadyModel, Scorer, WindowPredictions
from seqnet.pipeline.variants.motif_effects import MotifScorer
from seqnet.pipeline.variants.request import VariantsRequest
from seqnet.pipeline.variants.windows import WindowTracks
from seqnet.reporting import detail, note

if TYPE_CHECKING:
    from seqnet.genome.sequence import Genome

AnyModel: TypeAlias = str | Model | MotifSet


class VariantInputs(NamedTuple):
    """Models and variants of a request."""

    models: tuple[AnyModel, ...]
    variants: str
    """The file; ``-`` for standard input."""


def variant_inputs(request: VariantsRequest) -> VariantInputs:
    """Return models and variants; where the last file is a model, variants come from standard input."""
    models, last = request.models, request.variants
    if not isinstance(models, tuple | list):
        models = (models,)
    models = tuple(models)
    for model in models:
        if isinstance(model, str) and is_vcf(model):
            raise UsageError(f"{model} holds variants; give the models first, then the variants")
    if last is None:
        return VariantInputs(models, "-")
    if not models or (last != "-" and known_kind(last) in ("model", "motifs")):
        return VariantInputs((*models, last), "-")
    return VariantInputs(models, last)


def scored_motifs(motifs: str | MotifSet, rules: MotifRules) -> ScoredMotifs:
    """Read motifs or PSSMs, scored with the defaults of ``seqnet pssm``."""
    return make_pssms(load_motifs(motifs, rules=rules), Scoring(), keep=True)


def is_motifs(model: AnyModel) -> bool:
    """Return whether a model argument is a file or collection of motifs."""
    if isinstance(model, str):
        return known_kind(model) == "motifs"
    return isinstance(model, MotifSet)


def ready_model(model: str | Model, *, width: int | None, device: str, threads: int) -> ReadyModel:
    """Read a model and make it ready to predict edited sequences.

    Parameters
    ----------
    width
        Bases of the windows of a k-mer model; None for the width that it stores.
    threads
        0 for all processors.

    Raises
    ------
    SeqnetError
        If it reads no sequence, or does not store the width of its windows.
    """
    source = model_source(model)
    with expecting(source, "model"):
        loaded = load_model(model)
    if denoises(loaded) or loaded.input["type"] == "signals":
        raise SeqnetError(f"{source}: reads signal tracks alone, so variants have no effect on it")
    if loaded.input["type"] == SCORES_TYPE:
        raise SeqnetError(f"{source}: reads a table of motif scores, not sequences")
    bases = _width(loaded, source, width)
    predictor = load_predictor(loaded, device=device, threads=threads)
    predictor.align_rows()
    if predictor.ways:
        detail(f"convolutions {predictor.ways}")
    if predictor.stranded:
        note(f"{source}: reads regions from their own strand; variants are read on the forward one")
    return ReadyModel(Model(loaded.header, {}), predictor, bases)


def _width(model: Model, source: str, width: int | None) -> int:
    """Return how many bases the windows of a model have."""
    own: int | None = model.input["width"]
    if own is None and width is None:
        raise SeqnetError(f"{source}: does not store the width of its windows; give --width")
    if own is not None and width is not None and own != width and model.input["type"] != "kmers":
        raise UsageError(f"--width {width}: {source} reads {own} bases")
    longest = max(map(len, (model.input.get("settings") or {}).get("patterns", ())), default=0)
    if width is not None and width < longest:
        raise UsageError(f"--width {width}: {source} counts words of {longest} bases")
    return width or own or 0


def make_scorers(
    models: Sequence[AnyModel], request: VariantsRequest, genome: Genome, parts: Parts | None
) -> list[Scorer]:
    """Make a scorer for each model.

    Raises
    ------
    SeqnetError
        If the models' tasks differ, or motifs and models are mixed.
    """
    kinds = {is_motifs(model) for model in models}
    if len(kinds) > 1:
        raise UsageError("give models or motif files, not both; --motifs names motifs in addition to a model")
    if kinds == {False} and request.motifs is None and request.motif_rules != STRICT:
        raise UsageError("--on-bad and --on-duplicate are for motifs")
    if kinds == {True}:
        return [_motif_scorer(models, request, genome)]
    if request.null and len(models) > 1:
        raise UsageError("--null is for one model")
    predictions = WindowPredictions(parts)
    scorers: list[Scorer] = []
    for model in models:
        assert not isinstance(model, MotifSet)
        ready = ready_model(model, width=request.width, device=request.device, threads=request.threads)
        _check_genome(genome, ready.model, request.width)
        tracks = ordered_source(request.tracks, ready.model, model_source(model))
        if tracks.signals:
            note("signal tracks stay as they are: effects are those of the sequence alone")
        scorer = ModelScorer(
            ready.predictor, genome, ready.width, WindowTracks(ready.model, tracks, genome), predictions,
            shifts=request.shifts or (0,), null=request.null or 0, seed=request.seed,
        )  # fmt: skip
        if scorers and scorer.tasks != scorers[0].tasks:
            raise SeqnetError(
                f"{model_source(model)}: its tasks are {', '.join(scorer.tasks)}, those of "
                f"{model_source(models[0])} are {', '.join(scorers[0].tasks)}"  # type: ignore[arg-type]
            )
        scorers.append(scorer)
    return scorers


def _check_genome(genome: Genome, model: Model, width: int | None) -> None:
    """Warn of another genome than that of training; refuse windows mostly outside every contig."""
    warn_other_bases(genome, model)
    if width is not None and width > 2 * max(genome.lengths.values(), default=0):
        raise SeqnetError(f"--width {width}: no contig of {genome.source} is half as long")


def one_model(
    request: VariantsRequest, inputs: VariantInputs, genome: Genome
) -> tuple[ReadyModel, WindowTracks]:
    """Return the only model of a request and its signal tracks.

    Raises
    ------
    UsageError
        If there are several, or motifs.
    """
    model = inputs.models[0]
    if len(inputs.models) != 1 or not isinstance(model, str | Model):
        raise UsageError("--haplotypes is for one model")
    ready = ready_model(model, width=request.width, device=request.device, threads=request.threads)
    warn_other_bases(genome, ready.model)
    source = ordered_source(request.tracks, ready.model, model_source(model))
    return ready, WindowTracks(ready.model, source, genome)


def _motif_scorer(models: Sequence[AnyModel], request: VariantsRequest, genome: Genome) -> MotifScorer:
    """Make the scorer of motifs."""
    if len(models) > 1:
        raise UsageError("give one motif file; 'cat' joins MEME files")
    options = {"--null": request.null, "--shifts": request.shifts, "--width": request.width,
             "--signal": request.signals, "--resume": request.resume}  # fmt: skip
    for option, value in options.items():
        if value:
            raise UsageError(f"{option} is for models, not for motifs")
    motifs = models[0]
    assert not isinstance(motifs, Model)
    return MotifScorer(scored_motifs(motifs, request.motif_rules), genome)


def label_of(model: AnyModel) -> str:
    """Return what headers call a model or motifs."""
    return "motifs" if isinstance(model, MotifSet) else model_label(model)


def variants_header(request: VariantsRequest, inputs: VariantInputs) -> dict[str, str] | None:
    """Return the entries of a header: options that change effects; None without a column line."""
    shown = {
        "models": [label_of(model) for model in inputs.models], "genome": base_name(str(request.genome)),
        "shifts": list(request.shifts) or None, "null": request.null,
        "seed": request.seed if request.null else None, "width": request.width,
        "on-mismatch": request.on_mismatch if request.on_mismatch != "error" else None,
        "motifs": base_name(request.motifs) if isinstance(request.motifs, str) else None,
        "motif-p": request.motif_p, "haplotypes": request.haplotypes,
    }  # fmt: skip
    return header_for(request.header, provenance("variants", shown))


def digest_of(model: AnyModel) -> str:
    """Return the SHA-256 of a model's file."""
    assert not isinstance(model, MotifSet)
    return model_digest(load_model(model))
