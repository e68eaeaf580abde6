"""The step ``explain``."""

from __future__ import annotations

from seqnet.errors import UsageError
from seqnet.lookup import resolve
from seqnet.pipeline.calls import takes
from seqnet.pipeline.explanation.attributing import attribute, prepare_explanation
from seqnet.pipeline.explanation.explainers import NetworkExplainer
from seqnet.pipeline.explanation.filters import explain_filters, known_motifs
from seqnet.pipeline.explanation.outputs import attribution_header, write_attributions
from seqnet.pipeline.explanation.request import ExplainRequest
from seqnet.pipeline.explanation.results import ExplainResult, table_of


@takes(ExplainRequest)
def explain(request: ExplainRequest) -> ExplainResult:
    """Explain a model's outputs by the bases of its inputs.

    Parameters
    ----------
    request
        The fields of `ExplainRequest`, which are the arguments of this function.

    Returns
    -------
    The attributions of each method and task, a table of them, and the motifs of filters.

    Raises
    ------
    SeqnetError
        If a file cannot be read, does not fit the model, a method does not apply to it, or attributions
        do not add up.

    Examples
    --------
    >>> import seqnet
    >>> result = seqnet.explain("cnn.safetensors", regions="peaks.bed", genome="genome.fa")  # doctest: +SKIP
    >>> result.of("deeplift", "REB1").observed.shape  # doctest: +SKIP
    (125, 200)
    """
    known = known_motifs(request.motifs, request.motif_rules)
    prepared, methods = prepare_explanation(request)
    if request.report is not None and prepared.rows.codes is None:
        raise UsageError("--report draws bases; the model reads signal tracks alone")
    attributions = tuple(each for method in methods for each in attribute(prepared, method))
    table = table_of(attributions, prepared.rows.regions)
    written = write_attributions(request, attributions, table, prepared.rows)
    if request.report is not None:
        # loads matplotlib
        resolve("seqnet.pipeline.explanation.report:write_explanation")(
            request.report, attributions, attribution_header(request, attributions)
        )
        written = (*written, request.report)
    if request.filters is None:
        return ExplainResult(attributions, table, written)
    network = prepared.explainer if isinstance(prepared.explainer, NetworkExplainer) else None
    filters, motifs = explain_filters(request, network, prepared.wanted, prepared.threads, known)
    return ExplainResult(attributions, table, (*written, request.filters), filters, motifs)
