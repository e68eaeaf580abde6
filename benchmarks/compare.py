"""One motif, and a hundred, against every vertebrate motif of JASPAR.

memelite's Tomtom (Euclidean distance) is the peer, where it is installed; it is compiled when it is
first called, which is not counted.
"""

from __future__ import annotations

from collections.abc import Callable

from _measure import function_seconds, medians, print_table
from pvalues import jaspar_vertebrates

from seqnet.aliases import Floats
from seqnet.motifs.compare import collect_targets, compare_motif
from seqnet.motifs.matrix import to_ppm

ROUNDS = 5


def seqnet_matches(queries: list[Floats], targets: list[Floats]) -> None:
    """Compare every query with every target."""
    collection = collect_targets(targets)
    for query in queries:
        compare_motif(query, collection, "euclidean")


def memelite_matches(queries: list[Floats], targets: list[Floats]) -> Callable[[], object] | None:
    """Return memelite's way, compiled, where it is installed."""
    try:
        from memelite import tomtom
    except ImportError:
        return None
    turned = [matrix.T.copy() for matrix in queries], [matrix.T.copy() for matrix in targets]
    tomtom(*turned, n_jobs=1)
    return lambda: tomtom(*turned, n_jobs=1)


def main() -> None:
    """Time both."""
    targets = [to_ppm(motif).probabilities for motif in jaspar_vertebrates()]
    for queries in (targets[:1], targets[:100]):
        ways = {
            "seqnet": lambda queries=queries: seqnet_matches(queries, targets),
            "memelite": memelite_matches(queries, targets),
        }
        timed = {
            name: (lambda way=way: function_seconds(way)) for name, way in ways.items() if way is not None
        }
        print_table(f"{len(queries)} x {len(targets)} motifs", medians(timed, ROUNDS), "seqnet")


if __name__ == "__main__":
    main()
