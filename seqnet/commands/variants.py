"""``seqnet variants``: effects of variants under models and motifs."""

from __future__ import annotations

from typing import Any

import click

from seqnet.commands._boundary import Command
from seqnet.commands.options.common import (
    chroms_option,
    common_options,
    device_option,
    genome_option,
    header_option,
    on_bad_motif_option,
    on_duplicate_option,
    output_option,
    seed_option,
    threads_option,
)
from seqnet.commands.options.groups import option_in, titled
from seqnet.commands.options.inputs import signal_options
from seqnet.commands.options.types import PART, number, number_list
from seqnet.pipeline.inputs.request import MOST_TASKS
from seqnet.pipeline.variants.request import MOTIF_P, VariantsRequest

_rows_options = titled(
    "Input",
    click.option(
        "--on-mismatch", type=click.Choice(["error", "flag", "skip"]),
        default=VariantsRequest.on_mismatch, show_default=True,
        help="How to handle rows whose REF or contig is not the genome's.",
    ),
    click.option(
        "--normalize", is_flag=True,
        help="Left-align and trim the alleles, as bcftools norm does; effects do not change.",
    ),
    click.option("--targets", metavar="BED", help="Read only variants that overlap these regions."),
    chroms_option,
    click.option(
        "--saturation", is_flag=True, help="Predict every substitution in --regions; no variants are read."
    ),
    click.option(
        "--haplotypes", metavar="SAMPLE|all",
        help="Predict both haplotypes of a sample, or of all, in each of --regions (TSV).",
    ),
    click.option(
        "--unphased", type=click.Choice(["skip", "error"]),
        help="How to handle haplotypes with unphased heterozygous, missing or overlapping calls "
        "(default: skip, with a flag).",
    ),
    click.option("--regions", metavar="BED", help="Regions for --saturation and --haplotypes."),
)  # fmt: skip
_effect_options = titled(
    "Effects",
    click.option(
        "--task", "task_names", multiple=True, metavar="NAME",
        help=f"Task to write. May be repeated. Default: the first {MOST_TASKS}.",
    ),
    click.option(
        "--prefix", default=VariantsRequest.prefix, show_default=True, metavar="TEXT",
        callback=lambda _ctx, _param, value: _checked_prefix(value),
        help="Prefix of the INFO keys.",
    ),
    click.option(
        "--width", type=number("width"), metavar="BASES",
        help="Bases of the window, for k-mer models (default: the model's).",
    ),
    click.option(
        "--shifts", type=number_list("shifts", "whole numbers such as -20,0,20",
                                    "-20,0,20"),
        metavar="BASES,...", callback=lambda _ctx, _param, value: tuple(value or ()),
        help="Average over windows shifted by these numbers of bases.",
    ),
    click.option(
        "--null", type=number("null"), metavar="N",
        help="Also write the quantile of |effect| among up to N substitutions of the same kind, in the same "
        "trinucleotide, in the same window (SNVs).",
    ),
    seed_option,
    click.option(
        "--motifs", metavar="MOTIFS", help="Also name the motifs whose best match changes most."
    ),
    click.option(
        "--motif-p", type=number("motif_p"), metavar="P",
        help=f"Largest p-value of a motif's match with one of the alleles (default {MOTIF_P:g}).",
    ),
)  # fmt: skip


def _checked_prefix(value: str) -> str:
    """Refuse a prefix that no INFO key can have."""
    if not value.isidentifier() or not value.isascii():
        raise click.BadParameter(f"{value!r} is no beginning of an INFO key; expected letters, digits and _")
    return value


@click.command(
    "variants",
    cls=Command,
    short_help="Predict the effects of variants.",
    example="seqnet variants cnn.safetensors calls.vcf.gz --genome genome.fa -o effects.vcf.gz --index\n"
    "bcftools view -r chr1 calls.bcf | seqnet variants cnn.safetensors - --genome genome.fa | less\n"
    "seqnet variants fold1.safetensors fold2.safetensors calls.vcf --genome genome.fa -o effects.tsv\n"
    "seqnet variants cnn.safetensors calls.vcf --genome genome.fa --motifs jaspar.meme -o effects.vcf\n"
    "seqnet variants cnn.safetensors --saturation --regions peaks.bed --genome genome.fa -o all.vcf.gz\n"
    "seqnet variants reb1.pssm calls.vcf --genome genome.fa\n"
    "seqnet variants cnn.safetensors calls.bcf --genome genome.fa --part 2/8 -o part2.vcf.gz",
)
@click.argument("models", nargs=-1)
@click.argument("variants", required=False)
@genome_option
@_rows_options
@_effect_options
@on_bad_motif_option
@on_duplicate_option
@signal_options
@option_in("Run", "--part", type=PART, metavar="K/N",
           help="Compute part K of N of the rows. The rows of all parts in turn are those of the whole run.",
)  # fmt: skip
@option_in(
    "Run",
    "--resume",
    is_flag=True,
    help="Save finished predictions in a folder until all are done; continue from those already there.",
)
@option_in("Run", "--work-dir", metavar="DIR", help="Folder of --resume (default: the output plus .parts).")
@device_option
@threads_option(0)
@output_option(
    "Output; the suffix picks the format: .vcf, .vcf.gz, .bcf or .tsv (default: that of the input)."
)
@option_in("Output", "--index", is_flag=True, help="Also write a tabix index (with -o FILE.vcf.gz).")
@header_option
@common_options
def command(**values: Any) -> None:
    """Predict the effects of variants.

    MODELS are models (several are averaged) or one motif or PSSM file; VARIANTS is VCF, BCF or a table with
    columns chrom, pos, ref and alt (stdin when left out). INFO fields SN_REF_*, SN_ALT_* and SN_DELTA_*
    give the output with each allele and their difference, as logits (counts: log rates; regressions: units of
    the targets; motifs: the best score in bits). SN_FLAG gives the reason why an allele has no effect.
    Indels are compared in two windows, so that bases that only move do not count.
    """
    from seqnet.pipeline.variants.run import variants

    variants(**values)
