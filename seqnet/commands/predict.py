"""``seqnet predict``: a trained model along regions, sequences, a k-mer table or a genome."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from seqnet.commands._command import Command
from seqnet.commands._console import detail, note, progress_bar, warn
from seqnet.commands._options import (
    chroms_option,
    common_options,
    device_option,
    genome_option,
    header_option,
    output_option,
    regions_option,
    threads_option,
)

if TYPE_CHECKING:
    from seqnet.genome.regions import Regions
    from seqnet.genome.sequence import Genome
    from seqnet.networks.model import Model
    from seqnet.training.predictor import Predictor

BIGWIG_SUFFIXES = (".bw", ".bigWig", ".bigwig")


@click.command(
    "predict",
    cls=Command,
    short_help="Predict with a trained model.",
    example="seqnet predict cnn.safetensors --regions regions.bed --genome genome.fa -o pred.bed\n"
    "seqnet predict cnn.safetensors --genome genome.fa --tile 50 --chroms chrXII -o 'pred.{task}.bw'",
)
@click.argument("model")
@click.argument("sequences", required=False)
@regions_option
@genome_option
@chroms_option
@click.option("--features", metavar="TABLE", help="k-mer table of the sequences to predict.")
@click.option(
    "--tile",
    type=click.IntRange(1),
    metavar="STEP",
    help="Predict the genome in tiles of STEP bases, each from the window centred on it.",
)
@device_option
@threads_option(0)
@output_option(
    "Output: BED for regions, TSV for sequences, bigWig for tiles ('{task}' in the name for several)."
)
@header_option
@common_options
def command(
    model: str,
    sequences: str | None,
    regions: str | None,
    genome: str | None,
    chroms: tuple[str, ...],
    features: str | None,
    tile: int | None,
    device: str,
    threads: int,
    output: str,
    with_header: bool,
) -> None:
    """Predict with a trained model.

    Give --regions with --genome (BED out, probabilities in the task columns), FASTA SEQUENCES or
    --features (TSV out), or --genome with --tile (bigWig out).
    """
    from seqnet.commands._training import torch_device
    from seqnet.errors import UsageError
    from seqnet.formats.header import base_name, provenance
    from seqnet.formats.model_file import read_model
    from seqnet.training.predictor import Predictor

    ways = [regions is not None, sequences is not None, features is not None, tile is not None]
    if sum(ways) != 1 or (genome is None) == bool(regions or tile):
        raise UsageError("give --regions with --genome, --genome with --tile, SEQUENCES or --features")
    loaded = read_model(model)
    predictor = Predictor(loaded, torch_device(device, threads))
    header = provenance("predict", {"model": base_name(model)}) if with_header else None
    if tile is not None:
        _predict_tiles(predictor, loaded, _genome(genome, chroms, loaded), tile, output)
    elif regions is not None:
        _predict_regions(predictor, loaded, regions, _genome(genome, chroms, loaded), output, header)
    else:
        _predict_named(predictor, sequences, features, output, header)


def _genome(path: str | None, chroms: tuple[str, ...], model: Model) -> Genome:
    """Read the genome, and warn about contigs that differ from those trained on."""
    from seqnet.commands._load import load_genome

    genome = load_genome(path, chroms)
    trained = model.header["genome"]
    shared = genome.restrict(trained)
    changed = [name for name, digest in shared.digests().items() if trained[name] != digest]
    if changed:
        warn(f"{genome.source}: {changed[0]} is not the sequence the model was trained on")
    return genome


def _width(predictor: Predictor) -> int:
    """Return the model's input width."""
    from seqnet.errors import SeqnetError

    if predictor.width is None:
        raise SeqnetError("the model does not say how wide its input is")
    return predictor.width


def _predict_regions(
    predictor: Predictor,
    model: Model,
    path: str,
    genome: Genome,
    output: str,
    header: dict[str, str] | None,
) -> None:
    """Predict regions; writes the labelled-regions table with probabilities as targets."""
    import numpy as np

    from seqnet.commands._load import load_regions
    from seqnet.errors import SeqnetError, UsageError
    from seqnet.formats._open import open_output
    from seqnet.formats.bed import write_regions
    from seqnet.formats.numbers import format_singles
    from seqnet.genome.extract import extract_windows

    if output.endswith(BIGWIG_SUFFIXES):
        raise UsageError("regions may overlap, so their predictions go to BED; use --tile for bigWig")
    with open_output(output) as stream:
        regions = load_regions(path, genome)
        if regions.width() != _width(predictor):
            raise SeqnetError(
                f"{path}: regions are {regions.width()} bases wide, the model reads {predictor.width}"
            )
        with progress_bar("regions", len(regions)) as progress:
            codes = extract_windows(genome, regions.intervals, stranded=predictor.stranded)
            values = predictor.from_codes(codes, progress)
        predicted = regions.with_targets(predictor.tasks, values.astype(np.float64))
        write_regions(stream, predicted, _carried(header, regions, model), format_singles(values))


def _carried(header: dict[str, str] | None, regions: Regions, model: Model) -> dict[str, str] | None:
    """Add what a prediction table carries along: genome and training base rates."""
    if header is None:
        return None
    rates = ",".join(f"{task}:{rate:.6g}" for task, rate in model.header["base_rates"].items())
    genome = {"genome": regions.header["genome"]} if "genome" in regions.header else {}
    return {**header, **genome, "training-base-rates": rates}


def _predict_named(
    predictor: Predictor,
    sequences: str | None,
    features: str | None,
    output: str,
    header: dict[str, str] | None,
) -> None:
    """Predict sequences or a k-mer table; writes a TSV with names."""
    from seqnet.errors import SeqnetError
    from seqnet.formats._open import open_output, to_bytes
    from seqnet.formats.fasta import read_sequences
    from seqnet.formats.header import header_lines
    from seqnet.formats.kmer_table import read_kmer_table
    from seqnet.formats.numbers import format_singles
    from seqnet.genome.extract import stack_sequences

    with open_output(output) as stream, progress_bar("sequences") as progress:
        if features is not None:
            table = read_kmer_table(features)
            names, values = table.names, predictor.from_table(table, progress)
        else:
            records = list(read_sequences(sequences or "-"))
            codes = stack_sequences(records, sequences or "-")
            if codes.shape[1] != _width(predictor) and not predictor.takes_kmers:
                raise SeqnetError(
                    f"{sequences}: sequences have {codes.shape[1]} bases, the model reads {predictor.width}"
                )
            names, values = [name for name, _ in records], predictor.from_codes(codes, progress)
        if header is not None:
            columns = "\t".join(["name", *predictor.tasks])
            stream.write(to_bytes(f"{header_lines(header)}#{columns}\n"))
        rows = zip(names, format_singles(values), strict=True)
        stream.writelines(to_bytes("\t".join([name, *row]) + "\n") for name, row in rows)


def _predict_tiles(predictor: Predictor, model: Model, genome: Genome, step: int, output: str) -> None:
    """Predict a genome in tiles; writes a bigWig per task."""
    from contextlib import ExitStack

    from seqnet.errors import UsageError
    from seqnet.formats.bigwig import write_bigwig
    from seqnet.training.tiles import predict_tiles

    tasks = predictor.tasks
    if not output.endswith(BIGWIG_SUFFIXES):
        raise UsageError("tiles go to bigWig; give -o FILE.bw")
    if len(tasks) > 1 and "{task}" not in output:
        raise UsageError(f"the model has {len(tasks)} tasks: put '{{task}}' in the output's name")
    width = _width(predictor)
    with ExitStack() as stack:
        writers = [
            stack.enter_context(write_bigwig(output.replace("{task}", task), genome.lengths, gaps=True))
            for task in tasks
        ]
        total = sum(-(-length // step) for length in genome.lengths.values())
        progress = stack.enter_context(progress_bar("tiles", total))
        for name, codes in genome.codes.items():
            chunks = predict_tiles(
                predictor.from_codes, codes, width=width, step=step, tasks=len(tasks), progress=progress
            )
            for start, values in chunks:
                for writer, column in zip(writers, values.T, strict=True):
                    writer.add(name, start, column, step)
        detail(f"{writers[0].covered} tiles, {writers[0].gaps} mostly ambiguous and left out")
        _note_trained(model, genome)


def _note_trained(model: Model, genome: Genome) -> None:
    """Say which of the predicted contigs the model was trained on."""
    trained = set(model.header["splits"]["train"]["contigs"]) & set(genome.codes)
    if trained:
        note(f"{len(trained)} of {len(genome.codes)} contigs were trained on")
