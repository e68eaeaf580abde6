"""The step ``perturb``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from seqnet.aliases import Codes, Floats
from seqnet.errors import SeqnetError, UsageError
from seqnet.formats.files.header import base_name, header_for, provenance
from seqnet.formats.files.opening import STANDARD, open_output
from seqnet.formats.regions.bed import read_bed
from seqnet.formats.results.tables import write_rows
from seqnet.genome.extract import padded_stretch
from seqnet.genome.regions import Regions
from seqnet.genome.sequence import Genome
from seqnet.pipeline.calls import takes
from seqnet.pipeline.inputs.genome import cut_regions, load_genome
from seqnet.pipeline.inputs.model_inputs import warn_other_bases
from seqnet.pipeline.inputs.models import chosen_tasks, model_label
from seqnet.pipeline.motifs.pictures import image_format
from seqnet.pipeline.motifs.sources import load_motifs, motif_source
from seqnet.pipeline.perturbation.experiments import (
    Result,
    Site,
    Stretch,
    ablations,
    backgrounds,
    consensus_site,
    insertions,
    pairs,
)
from seqnet.pipeline.perturbation.report import effect_lines, rows_as_cells, write_perturbation
from seqnet.pipeline.perturbation.request import SHUFFLES, PerturbRequest
from seqnet.pipeline.tables import ColumnTable
from seqnet.pipeline.variants.effects import ReadyModel
from seqnet.pipeline.variants.models import ready_model
from seqnet.reporting import meter, note
from seqnet.reports.curves import effect_curves

_DISTANCES = (0, 50)
_INSERTION = ("motif", "strand", "start", "site")
_PAIR = ("motif_a", "strand_a", "motif_b", "strand_b", "distance", "effect_pair", "effect_a", "effect_b")
_ABLATION = ("chrom", "start", "end", "name", "region")
_SPREAD = ("task", "mean", "low", "high", "n")


@dataclass(frozen=True, eq=False)
class PerturbTable(ColumnTable):
    """Effects, a row for each change and task.

    Parameters
    ----------
    cells
        Column name to values: float64 (n,), int64 (n,) or object (n,).
    """

    cells: dict[str, np.ndarray]

    def columns(self) -> dict[str, np.ndarray]:
        """Return the columns by name."""
        return self.cells


@dataclass(frozen=True, eq=False)
class PerturbResult:
    """The effects of changes.

    Parameters
    ----------
    tasks
        Names of the tasks written.
    effects
        The effects.
    windows
        How many windows were changed.
    outputs
        The files written.
    """

    tasks: tuple[str, ...]
    effects: PerturbTable
    windows: int
    outputs: tuple[str, ...] = ()


@takes(PerturbRequest)
def perturb(request: PerturbRequest) -> PerturbResult:
    """Change windows and report what that does to a model's output.

    Parameters
    ----------
    request
        The fields of `PerturbRequest`, which are the arguments of this function.

    Returns
    -------
    The effects, also where they are written to a file.

    Raises
    ------
    SeqnetError
        If a file cannot be read or does not fit the others.

    Examples
    --------
    >>> import seqnet
    >>> result = seqnet.perturb(
    ...     "cnn.safetensors", regions="peaks.bed", genome="genome.fa", insert="jaspar.meme"
    ... )  # doctest: +SKIP
    >>> result.effects.to_pandas().nlargest(10, "mean")  # doctest: +SKIP
    """
    if request.plot is not None:
        image_format(request.plot)
    ready = ready_model(request.model, width=request.width, device=request.device, threads=request.threads)
    if ready.model.input.get("signals"):
        raise SeqnetError("the model reads signal tracks, which changed sequences do not have")
    tasks = ready.predictor.tasks
    chosen = chosen_tasks(tasks, request.task_names)
    genome = load_genome(request.genome, request.chroms)
    warn_other_bases(genome, ready.model)
    regions = _regions(request, genome, ready.width)
    windows = _windows(regions, genome)
    results, columns = _experiment(request, ready, genome, regions, windows)
    names = [tasks[number] for number in chosen]
    rows = [row for result in results for row in _rows(result, chosen, names)]
    table = _table([*columns, *_SPREAD], rows)
    outputs = _write(request, [*columns, *_SPREAD], rows, len(windows))
    return PerturbResult(tuple(names), table, len(windows), outputs)


def _regions(request: PerturbRequest, genome: Genome, width: int) -> Regions:
    """Return the windows' places, drawn at random where there are too many."""
    source = read_bed(request.regions) if isinstance(request.regions, str) else request.regions
    assert source is not None
    regions = cut_regions(
        source, genome, "error", restricted=bool(request.chroms), width=width, center="midpoint"
    )
    most = request.max_regions
    if most is None or len(regions) <= most:
        return regions
    note(f"{regions.source}: {most} of {len(regions)} regions drawn (--max-regions)")
    draw = np.random.default_rng(request.seed).permutation(len(regions))[:most]
    return regions.take(np.sort(draw))


def _windows(regions: Regions, genome: Genome) -> Codes:
    """Return the bases of windows, uint8 (n, width)."""
    places = regions.intervals
    rows = zip(places.contig_names(), places.start.tolist(), places.end.tolist(), strict=True)
    return np.stack([padded_stretch(genome.codes[name], start, end) for name, start, end in rows])


def _experiment(
    request: PerturbRequest, ready: ReadyModel, genome: Genome, regions: Regions, windows: Codes
) -> tuple[list[Result], tuple[str, ...]]:
    """Run the experiment; return its results and the names of their cells."""

    def outputs(codes: Codes) -> Floats:
        return ready.predictor.in_units(ready.predictor.logits(codes)).astype(np.float64)

    if request.ablate is not None:
        stretches = _stretches(request, genome, regions)
        copies = request.shuffles or SHUFFLES
        with meter("hits", len(stretches)) as bar:
            results = ablations(stretches, windows, copies, request.seed, outputs, bar.advance)
            return list(results), _ABLATION
    changed = backgrounds(windows, request.seed, keep=request.keep_regions)
    if len(changed) < len(windows):
        note(f"{regions.source}: {len(windows) - len(changed)} windows with ambiguous bases left out")
    sites = _sites(request)
    if request.pair:
        low, high = request.distance or _DISTANCES
        with meter("distances", high - low + 1) as bar:
            distances = range(low, high + 1)
            return list(pairs(sites[0], sites[1], distances, changed, outputs, bar.advance)), _PAIR
    with meter("motifs", len(sites)) as bar:
        return list(insertions(sites, changed, outputs, bar.advance)), _INSERTION


def _sites(request: PerturbRequest) -> list[Site]:
    """Return the sites to insert; of a pair the two in their order."""
    assert request.insert is not None
    wanted = request.motif_names or request.pair
    motifs = load_motifs(
        request.insert, tuple(dict.fromkeys(wanted)), rules=request.motif_rules
    ).motifs.motifs
    if not request.pair:
        return [consensus_site(motif) for motif in motifs]
    sites = []
    for name in request.pair:
        own = [motif for motif in motifs if name in (motif.info.name, motif.info.alt_name)]
        if len(own) != 1:
            source, number = motif_source(request.insert), f"{len(own)} motifs" if own else "no motif"
            raise UsageError(f"--pair: {name} is the name of {number} of {source}; expected one")
        sites.append(consensus_site(own[0]))
    return sites


def _stretches(request: PerturbRequest, genome: Genome, regions: Regions) -> list[Stretch]:
    """Return the parts of windows that are shuffled."""
    hits = read_bed(request.ablate) if isinstance(request.ablate, str) else request.ablate
    assert hits is not None
    hits = cut_regions(hits, genome, "error", restricted=bool(request.chroms), width=None, center="midpoint")
    own, places = hits.intervals, regions.intervals
    by_contig: dict[str, list[int]] = {}
    for row, name in enumerate(own.contig_names().tolist()):
        by_contig.setdefault(name, []).append(row)
    stretches, cut, has_site = [], 0, np.zeros(len(own), dtype=bool)
    windows = zip(places.contig_names(), places.start.tolist(), places.end.tolist(), strict=True)
    for number, (contig, start, end) in enumerate(windows):
        rows = np.array(by_contig.get(str(contig), []), dtype=np.int64)
        inside = (own.start[rows] >= start) & (own.end[rows] <= end)
        touching = (own.start[rows] < end) & (own.end[rows] > start)
        cut += int((touching & ~inside).sum())
        has_site[rows[touching]] = True
        for row in rows[inside].tolist():
            first, last = int(own.start[row]), int(own.end[row])
            cells = (contig, first, last, hits.names[row], regions.names[number])
            stretches.append(Stretch(number, first - start, last - start, cells))
    if cut:
        note(f"{hits.source}: {cut} hits that reach beyond their window left out")
    if outside := len(own) - int(has_site.sum()):
        note(f"{hits.source}: {outside} of {len(own)} hits lie outside all windows and are left out")
    if not stretches:
        raise SeqnetError(f"{hits.source}: no hit lies in a window of {regions.source}")
    return stretches


def _rows(result: Result, chosen: Sequence[int], names: Sequence[str]) -> Iterator[list[object]]:
    """Yield a row for each task; NaN becomes None."""
    for task, name in zip(chosen, names, strict=True):
        cells = [float(cell[task]) if isinstance(cell, np.ndarray) else cell for cell in result.cells]
        bounds = [float(part[task]) for part in result.spread[:3]]
        yield [*cells, name, *(None if bound != bound else bound for bound in bounds), result.spread.n]


def _table(columns: Sequence[str], rows: Sequence[list[object]]) -> PerturbTable:
    """Return rows as columns."""
    cells: dict[str, np.ndarray] = {}
    for number, name in enumerate(columns):
        column = [row[number] for row in rows]
        if name in ("mean", "low", "high") or name.startswith("effect_"):
            cells[name] = np.array([np.nan if cell is None else cell for cell in column], dtype=np.float64)
        elif name in ("start", "end", "distance", "n"):
            cells[name] = np.array(column, dtype=np.int64)
        else:
            cells[name] = np.array(column, dtype=object)
    return PerturbTable(cells)


def _write(
    request: PerturbRequest, columns: Sequence[str], rows: Sequence[list[object]], windows: int
) -> tuple[str, ...]:
    """Write the table, the picture and the report; return the files."""
    facts = provenance("perturb", {
            "model": model_label(request.model), "genome": base_name(str(request.genome)),
            "regions": base_name(request.regions) if isinstance(request.regions, str) else None,
            "max-regions": request.max_regions, "seed": request.seed, "pair": request.pair or None,
            "shuffles": request.shuffles, "keep-regions": "yes" if request.keep_regions else None,
        })  # fmt: skip
    if request.output is not None:
        with open_output(request.output) as stream:
            write_rows(stream, columns, rows, header_for(request.header, facts))
    cells = rows_as_cells(columns, rows)
    if request.plot is not None:
        label = "distance, bp" if request.pair else ""
        picture = effect_curves(effect_lines(cells), label, image_format(request.plot))
        with open_output(request.plot) as stream:
            stream.write(picture)
    if request.report is not None:
        write_perturbation(request.report, cells, windows, facts)
    paths = (request.output, request.plot, request.report)
    return tuple(path for path in paths if path not in (None, STANDARD))
