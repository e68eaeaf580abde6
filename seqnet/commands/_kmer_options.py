"""The options that say how sequences become k-mer features, for ``kmer-featurize`` and ``train``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, TypeVar, cast

import click

from seqnet.commands._options import combine, kmer_strands_option
from seqnet.errors import UsageError
from seqnet.kmers.settings import (
    GAPPED,
    LARGEST_HASH,
    LONGEST_WORD,
    NORMALIZATIONS,
    KmerSettings,
    all_patterns,
    checked_settings,
    contiguous,
)

Function = TypeVar("Function", bound=Callable[..., Any])
DEFAULT_K = 6


def kmer_options(normalize: str, choices: Sequence[str]) -> Callable[[Function], Function]:
    """Declare the options; the command gets their settings as ``kmers``.

    Parameters
    ----------
    normalize
        The default normalisation; that of gapped k-mers is sqrt.
    choices
        The normalisations to choose from.
    """
    meanings = ", ".join(f"{name} ({NORMALIZATIONS[name]})" for name in choices)
    default = normalize if normalize == "sqrt" else f"{normalize}, sqrt with --gapped"
    options = combine(
        click.option("-k", "--k", "k", type=click.IntRange(1, LONGEST_WORD), multiple=True,
                     help=f"Length of the k-mers. Repeats. Default: {DEFAULT_K}, or none with patterns."),
        click.option("--pattern", "patterns", multiple=True, metavar="1101",
                     help="Gapped k-mers: 1 is a base that counts, 0 any base. Repeats."),
        click.option("--gapped", is_flag=True,
                     help="Eleven symmetric patterns, square-rooted unless --normalize says otherwise."),
        click.option("--gapped-all", type=(int, int), metavar="L K",
                     help="Every pattern of L bases of which K count, the first and the last among them."),
        click.option("--hash", "hash_bits", type=click.IntRange(1, LARGEST_HASH), metavar="BITS",
                     help="Hash the features into 2**BITS columns."),
        kmer_strands_option,
        click.option("--normalize", type=click.Choice(choices),
                     help=f"Values: {meanings}. Default: {default}."),
    )  # fmt: skip

    def decorate(function: Function) -> Function:
        @wraps(function)
        def with_settings(*args: Any, **given: Any) -> Any:
            names = ("k", "patterns", "gapped", "gapped_all", "hash_bits", "strands", "normalize")
            kmers = _settings(normalize, **{name: given.pop(name) for name in names})
            return function(*args, kmers=kmers, **given)

        return cast("Function", options(with_settings))

    return decorate


def _settings(
    default: str,
    *,
    k: Sequence[int],
    patterns: Sequence[str],
    gapped: bool,
    gapped_all: tuple[int, int] | None,
    hash_bits: int | None,
    strands: str,
    normalize: str | None,
) -> KmerSettings:
    """Return the settings that the options mean."""
    try:
        found = [*map(contiguous, k), *patterns, *(GAPPED if gapped else ())]
        found += all_patterns(*gapped_all, strands) if gapped_all else []
        how = normalize or ("sqrt" if gapped else default)
        # a pattern that several options name is counted once
        distinct = tuple(dict.fromkeys(found or [contiguous(DEFAULT_K)]))
        return checked_settings(KmerSettings(distinct, strands, how, hash_bits or 0))
    except ValueError as error:
        raise UsageError(str(error)) from error
