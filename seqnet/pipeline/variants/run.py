"""The step ``variants``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import BinaryIO

import numpy as np

from seqnet.aliases import no_progress
from seqnet.errors import UsageError
from seqnet.formats.files.checksummed import file_digest
from seqnet.formats.files.opening import STANDARD
from seqnet.formats.files.together import after_outputs
from seqnet.formats.tracks.finished_contigs import Parts
from seqnet.formats.variants.records import VariantFile, VariantRecord, open_variants
from seqnet.formats.variants.writers import TableWriter, VariantWriter, VcfWriter, open_variant_output
from seqnet.genome.sequence import Genome
from seqnet.pipeline.calls import takes
from seqnet.pipeline.inputs.genome import load_genome
from seqnet.pipeline.inputs.models import chosen_tasks
from seqnet.pipeline.variants.effects import Scorer, combined
from seqnet.pipeline.variants.fields import DIGITS, EXACT_DIGITS, FieldTable
from seqnet.pipeline.variants.haplotypes import predict_haplotypes
from seqnet.pipeline.variants.models import (
    VariantInputs,
    digest_of,
    is_motifs,
    make_scorers,
    one_model,
    scored_motifs,
    variant_inputs,
    variants_header,
)
from seqnet.pipeline.variants.motif_effects import MotifChanges
from seqnet.pipeline.variants.request import MOTIF_P, VariantsRequest
from seqnet.pipeline.variants.results import EffectTable, VariantsResult
from seqnet.pipeline.variants.rows import Allele, Effects, RowChecker, VariantRow, in_chunks
from seqnet.pipeline.variants.sources import RowSpan, Selection, part_rows, saturated
from seqnet.reporting import meter, note, warn
from seqnet.version import __version__

_KEYS_SHOWN = 5
_ALLELES_AT_ONCE = 4096
"""Alleles of a chunk; a part of a run that is continued."""


@takes(VariantsRequest)
def variants(request: VariantsRequest) -> VariantsResult:
    """Compute the effects of variants on a model's output or on motif matches.

    Parameters
    ----------
    request
        The fields of `VariantsRequest`, which are the arguments of this function.

    Returns
    -------
    The effects, where they are not written to a file; counts in any case.

    Raises
    ------
    SeqnetError
        If a file cannot be read, or variants do not fit the genome.

    Examples
    --------
    >>> import seqnet
    >>> result = seqnet.variants("cnn.safetensors", "calls.vcf.gz", genome="genome.fa")  # doctest: +SKIP
    >>> result.effects.to_pandas().nlargest(10, "delta_REB1")  # doctest: +SKIP
    """
    inputs = variant_inputs(request)
    genome = load_genome(request.genome, request.chroms)
    if request.haplotypes is not None:
        ready, tracks = one_model(request, inputs, genome)
        header = variants_header(request, inputs)
        return predict_haplotypes(request, inputs.variants, genome, ready, tracks, header)
    span = None
    if request.part is not None:
        if not request.saturation and not Path(inputs.variants).is_file():
            raise UsageError("--part reads the rows twice: it needs variants in a file, not in a pipe")
        with _opened(request, inputs, genome) as source:
            span = part_rows(request.part, _selection(request, genome), source)
    with _opened(request, inputs, genome) as source:
        return _Run(request, inputs, genome, source, span).result()


def _selection(request: VariantsRequest, genome: Genome) -> Selection:
    """Return what chooses the rows."""
    return Selection(genome, request.targets, restricted=bool(request.chroms))


def _opened(
    request: VariantsRequest, inputs: VariantInputs, genome: Genome
) -> AbstractContextManager[VariantFile]:
    """Open the variants."""
    if not request.saturation:
        return open_variants(inputs.variants)
    assert request.regions is not None
    return nullcontext(saturated(request.regions, genome, restricted=bool(request.chroms)))


class _Run:
    """One file of variants."""

    def __init__(
        self,
        request: VariantsRequest,
        inputs: VariantInputs,
        genome: Genome,
        source: VariantFile,
        span: RowSpan | None,
    ) -> None:
        self._request, self._inputs, self._genome, self._source = request, inputs, genome, source
        self._span = span
        self._parts = self._open_parts() if request.resume else None
        self._scorers: list[Scorer] = make_scorers(inputs.models, request, genome, self._parts)
        tasks = self._scorers[0].tasks
        chosen = chosen_tasks(tasks, request.task_names)
        self._motifs = self._motif_changes()
        of_motifs = is_motifs(inputs.models[0])
        more = ["p_ref", "p_alt"] if of_motifs else []
        more += ["sd"] * (len(self._scorers) > 1) + ["null"] * bool(request.null)
        self._fields = FieldTable(
            tasks, chosen, unit="bits" if of_motifs else "before the sigmoid or exponential",
            prefix=request.prefix, more=more, with_motifs=self._motifs is not None,
            digits=EXACT_DIGITS if request.output is None else DIGITS,
        )  # fmt: skip
        self._tasks = tuple(tasks[number] for number in chosen)
        self._checker = RowChecker(genome, source.path, request.on_mismatch, normalize=request.normalize)
        self._selection = _selection(request, genome)
        self._alleles = self._with_effect = 0

    def result(self) -> VariantsResult:
        """Compute and write all rows."""
        request = self._request
        collector = _Collector(self._fields) if request.output is None else None
        with self._output() as stream, meter("variants") as bar:
            writer: VariantWriter | None = collector
            for chunk in in_chunks(self._rows(), _ALLELES_AT_ONCE):
                if self._checker.failed:
                    continue
                texts = self._texts([allele for row in chunk for allele in row.alleles])
                writer = writer or self._writer(stream)
                _write(writer, chunk, texts)
                bar.advance(len(texts))
            self._checker.finish()
            if self._span is None:  # of a part, all rows were selected before
                self._selection.say(self._source.path)
            writer = writer or self._writer(stream)
        if isinstance(writer, VcfWriter):
            _warn_undeclared(self._source.path, writer.undeclared)
        self._say()
        return VariantsResult(
            self._tasks, self._checker.rows, self._alleles, self._checker.skipped, dict(self._flags()),
            None if collector is None else collector.table(),
            () if request.output in (None, STANDARD) else (str(request.output),),
        )  # fmt: skip

    def _rows(self) -> Iterator[VariantRow]:
        """Yield the selected rows; after a mismatch that is an error, rows are only counted."""
        records = self._selection.chosen(self._source.records)
        for record in records if self._span is None else self._span.of(records):
            row = self._checker.checked(record)
            if row is not None and not self._checker.failed:
                yield row

    def _texts(self, alleles: Sequence[Allele]) -> list[list[str]]:
        """Return the texts of alleles, one per field."""
        usable = [number for number, allele in enumerate(alleles) if allele.placed is not None]
        some = [alleles[number] for number in usable]
        texts = [self._fields.blank(allele.flag) for allele in alleles]
        self._alleles += len(alleles)
        if some:
            effects = self._effects(some)
            motifs = self._motifs.texts(some) if self._motifs is not None else []
            for number, row in zip(usable, self._fields.texts(effects, motifs), strict=True):
                texts[number] = row
            self._checker.flags.update(flag for flag in effects.flags if flag)
            self._with_effect += sum(not flag for flag in effects.flags)
        return texts

    def _effects(self, alleles: Sequence[Allele]) -> Effects:
        """Compute the effects of alleles that have places, over all models."""
        return combined([scorer.effects(alleles, no_progress) for scorer in self._scorers])

    @contextmanager
    def _output(self) -> Iterator[BinaryIO | None]:
        """Open the output."""
        if self._request.output is None:
            yield None
            return
        with open_variant_output(self._request.output, index=self._request.index) as stream:
            yield stream
        if self._parts is not None:
            after_outputs(self._parts.remove)

    def _writer(self, stream: BinaryIO | None) -> VariantWriter:
        """Make the writer, which writes the header."""
        assert stream is not None
        request, source, fields = self._request, self._source, self._fields.fields
        if (request.format or source.layout) == "tsv":
            return TableWriter(stream, source, fields, variants_header(request, self._inputs))
        if source.layout == "tsv" and len(source.columns) > 4:
            note(f"{source.path}: columns other than chrom, pos, ref and alt do not go into a VCF")
        return VcfWriter(stream, source, fields, self._provenance(), list(self._genome.lengths.items()))

    def _provenance(self) -> list[str]:
        """Return the header line with the options that change effects."""
        entries = variants_header(self._request, self._inputs)
        if not entries:
            return []
        return ["##seqnet_variants=" + " ".join(f"{key}={value}" for key, value in entries.items())]

    def _motif_changes(self) -> MotifChanges | None:
        """Make what names changed motifs."""
        request = self._request
        if request.motifs is None:
            return None
        limit = MOTIF_P if request.motif_p is None else request.motif_p
        return MotifChanges(scored_motifs(request.motifs, request.motif_rules), self._genome, limit)

    def _open_parts(self) -> Parts:
        """Open the folder of predictions that an earlier run finished."""
        request = self._request
        identity = {
            "version": __version__, "models": [digest_of(model) for model in self._inputs.models],
            "variants": file_digest(str(request.regions) if request.saturation else self._inputs.variants),
            "genome": self._genome.digests(), "width": request.width, "shifts": list(request.shifts),
            "null": request.null, "seed": request.seed, "on_mismatch": request.on_mismatch,
            "saturation": request.saturation,
            "targets": request.targets and file_digest(request.targets),
            "tracks": {name: file_digest(path) for name, path in request.tracks.signals},
            "signal_missing": request.signal_missing, "part": request.part,
        }  # fmt: skip
        return Parts(request.work_dir or f"{request.output}.parts", identity)

    def _flags(self) -> dict[str, int]:
        return {flag: count for flag, count in sorted(self._checker.flags.items()) if count}

    def _say(self) -> None:
        """Report the number of alleles with effects."""
        note(f"{self._source.path}: effects of {self._with_effect} of {self._alleles} alleles")
        if self._alleles and not self._with_effect:
            warn(f"{self._source.path}: no allele has an effect")


def _warn_undeclared(path: str, keys: Counter[str]) -> None:
    """Warn once of INFO keys that the header of the input does not declare."""
    if not keys:
        return
    counts = [(key, f"{count:,} row" + "s" * (count != 1)) for key, count in keys.most_common(_KEYS_SHOWN)]
    shown = ", ".join(f"{key} ({count})" for key, count in counts)
    more = f" and {len(keys) - _KEYS_SHOWN} more" if len(keys) > _KEYS_SHOWN else ""
    warn(f"{path}: no ##INFO line declares {shown}{more}; other programs take their values for text")


def _write(writer: VariantWriter, rows: Sequence[VariantRow], texts: Sequence[list[str]]) -> None:
    """Write rows with the texts of their alleles."""
    begin = 0
    for row in rows:
        end = begin + len(row.alleles)
        writer.write(row.record, texts[begin:end])
        begin = end


class _Collector:
    """Keeps rows as a table."""

    def __init__(self, fields: FieldTable) -> None:
        self._fields = fields.fields
        self._rows: list[tuple[str, int, str, str]] = []
        self._texts: list[Sequence[str]] = []

    def write(self, record: VariantRecord, values: Sequence[Sequence[str]]) -> None:
        """Keep a row."""
        for alt, texts in zip(record.alts or (b".",), values, strict=True):
            own = (record.ref.decode("utf-8", "replace"), alt.decode("utf-8", "replace"))
            self._rows.append((record.contig, record.start + 1, *own))
            self._texts.append(texts)

    def table(self) -> EffectTable:
        """Return the rows."""
        cells = list(zip(*self._rows, strict=True)) if self._rows else [()] * 4
        chrom, pos, ref, alt = cells
        columns: dict[str, np.ndarray] = {}
        for number, field in enumerate(self._fields):
            texts = [row[number] for row in self._texts]
            if field.kind == "Float":
                columns[field.column] = np.array(
                    [np.nan if text == "." else float(text) for text in texts], dtype=np.float64
                )
            else:
                columns[field.column] = np.array(["" if t == "." else t for t in texts], dtype=object)
        flag = columns.pop("flag")
        text = [np.array(column, dtype=object) for column in (chrom, ref, alt)]
        return EffectTable(text[0], np.array(pos, dtype=np.int64), text[1], text[2], flag, columns)
