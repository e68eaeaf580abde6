"""Thresholds at a p-value for every vertebrate motif of JASPAR, on one thread.

seqnet's are bounded: the p-value at the threshold lies at most 0.1 % above the true one, and never
below, and the whole tail above the threshold is tabulated, as the p-values of hits need. MOODS rounds
scores to a grid of its own, without a bound; lightmotif runs TFM-PVALUE for the threshold alone;
Biopython, at its default precision, is timed on every 40th motif and the time multiplied.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from _measure import function_seconds, medians, print_table

from seqnet.motifs.matrix import MotifInfo, Pfm, Pssm, to_pssm
from seqnet.motifs.scan import make_scanner

P_VALUE = 1e-4
ROUNDS = 5
SAMPLED = 40
"""Biopython takes half a second for a motif."""


def jaspar_vertebrates() -> list[Pfm]:
    """Return the counts of the collection that pyjaspar carries."""
    from pyjaspar import jaspardb

    found = jaspardb(release="JASPAR2024").fetch_motifs(collection="CORE", tax_group=["vertebrates"])
    counts = [list(zip(*(motif.counts[base] for base in "ACGT"), strict=True)) for motif in found]
    return [
        Pfm(MotifInfo(motif.matrix_id), np.array(rows)) for motif, rows in zip(found, counts, strict=True)
    ]


def seqnet_thresholds(pssms: Sequence[Pssm]) -> None:
    """Prepare every motif for scanning at the p-value."""
    for pssm in pssms:
        make_scanner(pssm, p_value=P_VALUE)


def moods_thresholds(pssms: Sequence[Pssm]) -> Callable[[], None] | None:
    """Return MOODS's way, where it is installed."""
    try:
        from MOODS.tools import threshold_from_p
    except ImportError:
        return None
    matrices = [pssm.scores.T.tolist() for pssm in pssms]
    return lambda: [threshold_from_p(matrix, [0.25] * 4, P_VALUE) for matrix in matrices] and None


def lightmotif_thresholds(pssms: Sequence[Pssm]) -> Callable[[], None] | None:
    """Return lightmotif's way, where it is installed."""
    try:
        import lightmotif
    except ImportError:
        return None
    columns = [dict(zip("ACGT", pssm.scores.T.tolist(), strict=True)) for pssm in pssms]
    # made anew each time, since a matrix remembers its thresholds
    return lambda: [lightmotif.ScoringMatrix(values).score(P_VALUE) for values in columns] and None


def biopython_thresholds(pssms: Sequence[Pssm]) -> Callable[[], None]:
    """Return Biopython's way."""
    from Bio.motifs.matrix import PositionSpecificScoringMatrix

    matrices = [
        PositionSpecificScoringMatrix("ACGT", dict(zip("ACGT", pssm.scores.T.tolist(), strict=True)))
        for pssm in pssms[::SAMPLED]
    ]
    return lambda: [matrix.distribution().threshold_fpr(P_VALUE) for matrix in matrices] and None


def main() -> None:
    """Time all of them."""
    pssms = [to_pssm(motif) for motif in jaspar_vertebrates()]
    ways = {
        "seqnet": lambda: seqnet_thresholds(pssms),
        "MOODS": moods_thresholds(pssms),
        "lightmotif": lightmotif_thresholds(pssms),
    }
    timed = {name: (lambda way=way: function_seconds(way)) for name, way in ways.items() if way is not None}
    found = medians(timed, ROUNDS)
    sample = biopython_thresholds(pssms)
    found[f"Biopython, {SAMPLED} x every {SAMPLED}th"] = SAMPLED * function_seconds(sample)
    print_table(f"thresholds of {len(pssms)} motifs at p = {P_VALUE:g}", found, "seqnet")
    bounds = [make_scanner(pssm, p_value=P_VALUE).bound for pssm in pssms]
    print(f"  largest relative bound of seqnet's p-values: {max(bounds):.2g}")


if __name__ == "__main__":
    main()
