"""The request of a k-mer table, and which of its fields contradict each other; standard library only."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Literal

from seqnet.errors import UsageError
from seqnet.kmers.settings import KmerSettings, chosen_settings

if TYPE_CHECKING:
    from seqnet.formats.files.header import HeaderMode
    from seqnet.genome.alphabet import LowerCase
    from seqnet.genome.regions import Center, OnBad

NORMALIZE = "counts"
"""The normalisation where none is chosen."""
_BINARY = (".npz", ".parquet")
_OTHERS = (
    ".npy", ".csv", ".json", ".h5", ".hdf5", ".h5ad", ".feather", ".arrow", ".pkl", ".pickle", ".mat",
    ".xlsx", ".mtx", ".safetensors",
)  # fmt: skip
"""Suffixes of formats that are not written, none of which is a table of text."""
_COUNTING = {
    "k": "-k", "patterns": "--pattern", "gapped": "--gapped", "gapped_all": "--gapped-all",
    "hash_bits": "--hash", "strands": "--strands", "normalize": "--normalize",
}  # fmt: skip
"""Fields that ``like`` takes the place of, and their options."""


@dataclass(frozen=True)
class KmerRequest:
    """Which k-mers of which sequences to count; the fields are the options of ``seqnet kmer-featurize``.

    Parameters
    ----------
    sequences
        FASTA; None with `regions`.
    output
        Where the table goes; None returns it.
    k, patterns
        Lengths of k-mers, and gapped k-mers as texts of 1 (a base that counts) and 0 (any base).
    like
        A k-mer table, whose settings are used.

    Raises
    ------
    UsageError
        If fields contradict each other.
    """

    sequences: str | None = None
    output: str | None = None
    genome: str | None = None
    chroms: tuple[str, ...] = ()
    regions: str | None = None
    width: int | None = None
    center: Center = "auto"
    on_bad: OnBad = "error"
    soft_mask: LowerCase = "ignore"
    k: tuple[int, ...] = ()
    patterns: tuple[str, ...] = ()
    gapped: bool = False
    gapped_all: tuple[int, int] | None = None
    hash_bits: int | None = None
    strands: Literal["both", "forward", "column"] = "both"
    normalize: Literal["counts", "frequency", "log", "sqrt", "z"] | None = None
    like: str | None = None
    header: HeaderMode = "full"
    threads: int = 1

    def __post_init__(self) -> None:
        """Refuse fields that contradict each other."""
        _ = self.settings
        if self.output is not None:
            _check_suffix(self.output)
        if self.like is not None:
            refuse_with_like([n for n in _COUNTING if getattr(self, n) != getattr(KmerRequest, n)])
        self._check_source()

    @property
    def path(self) -> str:
        """The file that names the rows."""
        return self.regions or self.sequences or "-"

    @property
    def settings(self) -> KmerSettings:
        """How k-mers are counted, without `like`."""
        chosen = {name: getattr(self, name) for name in _COUNTING}
        try:
            return chosen_settings(NORMALIZE, **chosen)
        except ValueError as error:
            raise UsageError(str(error)) from error

    def _check_source(self) -> None:
        """Refuse sequences that contradict each other."""
        if (self.regions is None) != (self.genome is None):
            raise UsageError("--regions and --genome go together")
        if self.regions is not None and self.sequences is not None:
            raise UsageError("give SEQUENCES or --regions, not both")
        if self.regions is None and (self.chroms or self.width):
            raise UsageError("--chroms and --width are for --regions, with --genome")


def refuse_with_like(given: list[str]) -> None:
    """Refuse fields that ``like`` takes the place of."""
    for name in _COUNTING:
        if name in given:
            raise UsageError(f"--like sets how to count: leave out {_COUNTING[name]}")


def _check_suffix(output: str) -> None:
    """Refuse names that promise another format than would be written, which is TSV by default."""
    kinds = PurePath(output).suffixes[-1:]
    if output.endswith((".gz", ".bgz")):
        kinds = PurePath(output).suffixes[-2:-1]
    suffix = "".join(kinds)
    packed = suffix in _BINARY and not output.endswith(suffix)
    if packed or (suffix.lower() in (*_BINARY, *_OTHERS) and suffix not in _BINARY):
        actual = f"{suffix}, compressed" if packed else suffix
        raise UsageError(f"-o {output}: expected .npz, .parquet or .tsv (.tsv.gz); found {actual}")
