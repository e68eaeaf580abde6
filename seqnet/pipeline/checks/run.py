"""The step ``check``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from seqnet.datasets.checks import Finding, Level
from seqnet.formats.files.header import base_name, header_for, provenance
from seqnet.formats.files.opening import open_output
from seqnet.formats.regions.bed import read_bed
from seqnet.formats.results.metrics import write_json
from seqnet.formats.results.tables import write_rows
from seqnet.pipeline.calls import takes
from seqnet.pipeline.checks.inputs import Checker
from seqnet.pipeline.checks.request import CheckRequest
from seqnet.pipeline.outputs import open_result
from seqnet.pipeline.tables import ColumnTable
from seqnet.reporting import note


@dataclass(frozen=True, eq=False)
class FindingTable(ColumnTable):
    """What is wrong or odd, a row for each finding: its level, its kind, the input, and what was found."""

    level: NDArray[np.object_]
    what: NDArray[np.object_]
    where: NDArray[np.object_]
    message: NDArray[np.object_]


@dataclass(frozen=True, eq=False)
class CheckResult:
    """The findings about a set of inputs.

    Parameters
    ----------
    counts
        Level (error, warning, note) to number of findings.
    """

    findings: FindingTable
    counts: Mapping[str, int]


@takes(CheckRequest)
def check(request: CheckRequest) -> CheckResult:
    """Find what is wrong or odd about regions, genome, tracks, motifs and predictions together.

    Parameters
    ----------
    request
        The fields of `CheckRequest`, which are the arguments of this function.

    Returns
    -------
    The findings; an input that cannot be read is one of them.

    Raises
    ------
    SeqnetError
        If the table of regions cannot be read, or options of splitting contradict each other.

    Examples
    --------
    >>> import seqnet
    >>> checked = seqnet.check("regions.bed", "genome.fa", signals=["dnase=dnase.bw"])  # doctest: +SKIP
    >>> checked.counts["error"], checked.findings.to_pandas()  # doctest: +SKIP
    """
    path = request.table
    findings = _findings(request, path)
    counts = Counter(finding.level for finding in findings)
    header = provenance("check", {"input": None if path is None else base_name(path)})
    with open_result(request.output) as stream:
        write_rows(stream, Finding._fields, findings, header_for(request.header, header))
    if request.json_path is not None:
        rows = [finding._asdict() for finding in findings]
        with open_output(request.json_path) as stream:
            write_json(stream, {"counts": dict(counts), "findings": rows})
    totals = {level: counts[level] for level in get_args(Level)}
    note(", ".join(f"{count} {level}{'s' * (count != 1)}" for level, count in totals.items()))
    columns = (np.array([getattr(row, name) for row in findings], dtype=object) for name in Finding._fields)
    return CheckResult(FindingTable(*columns), totals)


def _findings(request: CheckRequest, path: str | None) -> list[Finding]:
    """Check every input."""
    checker = Checker(None if path is None else read_bed(path, tasks=request.tasks, labelled=True))
    checker.genome(request.genome, request.chroms)
    checker.regions(request.splits, request.seed)
    for signal in request.signals:
        checker.signal(signal)
    checker.motifs(request.motifs)
    checker.predictions(request.predictions)
    return checker.findings
