"""The request of a discovery; standard library only."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Literal

from seqnet.errors import UsageError, shorten
from seqnet.pipeline.explanation.request import ExplainRequest, RowSelection, check_motif_rules
from seqnet.pipeline.motifs.request import MotifRules
from seqnet.pipeline.outputs import expect_page

if TYPE_CHECKING:
    from seqnet.formats.motifs.entries import OnDuplicate
    from seqnet.motifs.matrix import MotifSet
    from seqnet.networks.model import Model

METHOD_NAMES = ("deeplift", "ism")
"""Methods whose attributions are searched."""
_OF_MODELS = (
    "sequences", "method", "regions", "genome", "chroms", "tasks", "rows", "split", "max_rows",
    "central", "shuffles", "seed", "device",
)  # fmt: skip
"""Fields that have no effect on attributions made before."""


@dataclass(frozen=True)
class DiscoverRequest(RowSelection):
    """What to search for motifs; the fields are the options of ``seqnet discover``.

    The fields of `RowSelection` are given by name.

    Parameters
    ----------
    model
        A model file, or a `Model`; None with `attributions`.
    sequences
        FASTA.
    output
        Where the motifs go; None returns them alone.
    method
        One of `METHOD_NAMES`; None for the default of the model.
    attributions
        npz of hypothetical attributions, (n, 4, L), in place of a model and its rows.
    onehot
        npz of their one-hot sequences; None for the file next to `attributions` that ``explain`` writes.
    motifs
        Motif file, or a `MotifSet`, that patterns are named by.
    on_duplicate
        How to handle motifs of one name; `on_bad` is for motifs too.
    fdr
        False discovery rate up to which stretches of high attribution count.
    min_seqlets
        Stretches of a pattern at least.
    seqlets, json_path
        Where the stretches, and all numbers of the patterns, are written.
    report
        Where a page about the patterns goes.
    hits
        Where the hits of patterns in the rows go; True returns them alone, None looks for none.

    Raises
    ------
    UsageError
        If fields contradict each other.
    """

    model: str | Model | None = None
    sequences: str | None = None
    output: str | None = None
    method: Literal["deeplift", "ism"] | None = None
    attributions: str | None = None
    onehot: str | None = None
    motifs: str | MotifSet | None = None
    on_duplicate: OnDuplicate = "error"
    fdr: float = 0.05
    min_seqlets: int = 20
    seqlets: str | None = None
    hits: str | bool | None = None
    report: str | None = None
    json_path: str | None = None

    def __post_init__(self) -> None:
        """Refuse fields that contradict each other."""
        expect_page(self.report)
        if self.method is not None and self.method not in METHOD_NAMES:
            raise UsageError(f"method {shorten(self.method)} is none of {', '.join(METHOD_NAMES)}")
        check_motif_rules(self.motif_rules, self.motifs, self.regions)
        if self.attributions is not None:
            self._check_given()
        elif self.onehot is not None:
            raise UsageError("--onehot goes with --attributions")
        else:
            _ = self.explanation

    def _check_given(self) -> None:
        """Refuse what only a model needs."""
        if self.model is not None:
            raise UsageError("--attributions takes the place of MODEL and SEQUENCES")
        for each in fields(self):
            if each.name in _OF_MODELS and getattr(self, each.name) != each.default:
                option = {"tasks": "task"}.get(each.name, each.name.replace("_", "-"))
                raise UsageError(f"--{option} needs MODEL; --attributions were made before")

    @property
    def motif_rules(self) -> MotifRules:
        """How motifs that cannot be read, or share a name, are handled."""
        return MotifRules.of(self.on_bad, self.on_duplicate)

    @property
    def explanation(self) -> ExplainRequest:
        """What is explained."""
        if self.model is None:
            raise UsageError("give MODEL, or --attributions")
        selection = {field.name: getattr(self, field.name) for field in fields(RowSelection)}
        methods = () if self.method is None else (self.method,)
        if self.regions is None:
            selection.pop("on_bad")  # which is for motifs
        return ExplainRequest(self.model, self.sequences, methods=methods, **selection)
