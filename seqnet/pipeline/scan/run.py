"""The step ``scan``."""

from __future__ import annotations

from seqnet.pipeline.calls import takes
from seqnet.pipeline.motifs.sources import make_pssms, note_one_strand, selected_motifs
from seqnet.pipeline.scan.hits import scan_to_best, scan_to_hits, scan_to_matrix
from seqnet.pipeline.scan.request import ScanRequest
from seqnet.pipeline.scan.results import ScanResult
from seqnet.pipeline.scan.tracks import scan_to_tracks


@takes(ScanRequest)
def scan(request: ScanRequest) -> ScanResult:
    """Find motif hits in sequences, or write score tracks along them.

    Parameters
    ----------
    request
        The fields of `ScanRequest`, which are the arguments of this function.

    Returns
    -------
    The hits, the best site of each sequence, or the scores of each, where they are not written to a file;
    counts in any case.

    Raises
    ------
    SeqnetError
        If a file cannot be read or holds nothing to scan, or fields contradict each other.

    Examples
    --------
    >>> import seqnet
    >>> result = seqnet.scan("reb1.pssm", "genome.fa.gz", p_value=1e-5)  # doctest: +SKIP
    >>> result.hits.to_pandas().groupby("name").size()  # doctest: +SKIP
    >>> seqnet.scan("reb1.pssm", "genome.fa.gz", output="hits.bed.gz", index=True).counts  # doctest: +SKIP
    """
    motifs = selected_motifs(request.motifs, request)
    scored = make_pssms(motifs, request.scoring, keep=True)
    if request.track_strand in (None, "max"):
        note_one_strand(scored, request.strands, motifs.source)
    if request.track is not None:
        return scan_to_tracks(scored.pssms, request)
    if request.matrix:
        return scan_to_matrix(scored, request)
    return scan_to_best(scored, request) if request.per_sequence else scan_to_hits(scored, request)
