"""The methods of attribution, one row each; standard library only."""

from __future__ import annotations

from typing import NamedTuple


class Method(NamedTuple):
    """A method: where it is computed for networks that read sequences, and for other models."""

    help: str
    network: str
    """``module:function``, see `seqnet.attribution.networks`."""
    kmers: str | None
    """The same for models of k-mers and linear models of motifs; None where the method does not apply."""
    takes_references: bool = False
    """Whether sequences are compared with references."""
    reads_terms: bool = True
    """Whether it applies to networks with a term of k-mers or motifs."""


METHODS: dict[str, Method] = {
    "deeplift": Method(
        "rescale rule, against references",
        "seqnet.attribution.deeplift:deeplift",
        "seqnet.attribution.kmer_models:kmer_shares",
        takes_references=True,
    ),
    "ism": Method(
        "in-silico mutagenesis: every substitution",
        "seqnet.attribution.mutagenesis:mutagenesis",
        "seqnet.attribution.kmer_models:kmer_mutagenesis",
    ),
    "gradient": Method(
        "input times gradient, corrected for the simplex",
        "seqnet.attribution.gradient:gradient",
        None,
        reads_terms=False,
    ),
}
DEFAULT_METHOD, WITHOUT_RULES = "deeplift", "ism"
"""The method unless another is chosen, and where a layer has no rule for it."""
