"""The request of variant effects, and which of its fields contradict each other; standard library only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from seqnet.errors import UsageError
from seqnet.pipeline.inputs.request import SignalFile, SignalMissing, SignalSource
from seqnet.pipeline.motifs.request import MotifRules

if TYPE_CHECKING:
    from seqnet.formats.files.header import HeaderMode
    from seqnet.formats.motifs.entries import OnBadMotif, OnDuplicate
    from seqnet.motifs.matrix import MotifSet
    from seqnet.networks.model import Model

OnMismatch = Literal["error", "flag", "skip"]
OutputFormat = Literal["vcf", "tsv"]
MOTIF_P = 1e-4
PREFIX = "SN"


@dataclass(frozen=True)
class VariantsRequest:
    """Variants and the models for their effects; the fields are the options of ``seqnet variants``.

    Parameters
    ----------
    models
        Model files or `Model`s, one or several, or a motif or PSSM file.
    variants
        VCF, BCF or a table with columns chrom, pos, ref and alt; None reads standard input.
    genome
        FASTA.
    output
        Where rows go; None returns them as a table.
    index
        Write a tabix index of the output.
    task_names
        Tasks to write; by default the first eight.
    prefix
        How the INFO keys begin.
    on_mismatch
        How to handle rows whose REF is not what the genome has.
    width
        Bases of the window of a k-mer model that stores none.
    shifts
        Average over windows moved by these numbers of bases.
    null
        Compare with so many substitutions of the same kind in the same window.
    motifs
        Motif file: name the motifs that a variant makes or breaks.
    motif_p
        One allele must match with a p-value up to this.
    on_bad, on_duplicate
        How to handle motifs that cannot be read, or share a name.
    saturation
        Use every substitution of the regions.
    haplotypes
        A sample or ``all``: predict the regions' haplotypes.
    unphased
        How to handle heterozygous genotypes without phase, missing and overlapping calls.
    regions
        BED, for `saturation` and `haplotypes`.
    targets
        BED: only variants that overlap it.
    part
        (K, N): only the K-th of N parts of the rows, K from 1 on.
    threads
        0 for all processors.

    Raises
    ------
    UsageError
        If fields contradict each other.
    """

    models: tuple[str | Model | MotifSet, ...] | Model | MotifSet = ()
    variants: str | None = None
    genome: str | None = None
    output: str | None = None
    index: bool = False
    task_names: tuple[str, ...] = ()
    prefix: str = PREFIX
    on_mismatch: OnMismatch = "error"
    normalize: bool = False
    width: int | None = None
    shifts: tuple[int, ...] = ()
    null: int | None = None
    seed: int = 0
    motifs: str | MotifSet | None = None
    motif_p: float | None = None
    on_bad: OnBadMotif = "error"
    on_duplicate: OnDuplicate = "error"
    saturation: bool = False
    haplotypes: str | None = None
    unphased: Literal["skip", "error"] | None = None
    regions: str | None = None
    targets: str | None = None
    chroms: tuple[str, ...] = ()
    signals: Mapping[str, str] | tuple[SignalFile, ...] = ()
    signal_missing: SignalMissing | None = None
    cache_dir: str | None = None
    part: tuple[int, int] | None = None
    resume: bool = False
    work_dir: str | None = None
    device: str = "auto"
    threads: int = 0
    header: HeaderMode = "full"

    def __post_init__(self) -> None:
        """Refuse fields that contradict each other."""
        if self.genome is None:
            raise UsageError("--genome is needed here")
        if not self.models and self.variants is None:
            raise UsageError("give a model, and variants unless they come from stdin")
        self._check_modes()
        self._check_output()
        self._check_part()
        self.tracks.check()
        if self.motif_p is not None and self.motifs is None:
            raise UsageError("--motif-p is for --motifs")
        if self.work_dir is not None and not self.resume:
            raise UsageError("--work-dir says where --resume keeps its parts; give --resume too")

    @property
    def tracks(self) -> SignalSource:
        """The signal tracks, as given."""
        return SignalSource.of(self.signals, self.signal_missing, self.cache_dir)

    @property
    def motif_rules(self) -> MotifRules:
        """How motifs that cannot be read, or share a name, are handled."""
        return MotifRules(self.on_bad, self.on_duplicate)

    @property
    def format(self) -> OutputFormat | None:
        """The format that the output's name asks for; None for that of the input."""
        bare = (self.output or "-").removesuffix(".gz").removesuffix(".bgz")
        if bare.endswith((".vcf", ".bcf")):
            return "vcf"
        return "tsv" if bare.endswith((".tsv", ".txt")) else None

    def _check_modes(self) -> None:
        """Refuse what does not go with saturation or haplotypes."""
        if self.saturation and self.haplotypes is not None:
            raise UsageError("--saturation and --haplotypes exclude each other")
        needs_regions = self.saturation or self.haplotypes is not None
        if needs_regions != (self.regions is not None):
            raise UsageError("--saturation and --haplotypes need --regions, which are for these alone")
        if self.unphased is not None and self.haplotypes is None:
            raise UsageError("--unphased is for --haplotypes")
        if self.haplotypes is not None:
            options = {"--null": self.null, "--shifts": self.shifts, "--motifs": self.motifs,
                     "--normalize": self.normalize, "--targets": self.targets, "--resume": self.resume,
                     "--index": self.index, "--on-bad": self.on_bad != "error",
                     "--on-duplicate": self.on_duplicate != "error", "--part": self.part}  # fmt: skip
            for option, value in options.items():
                if value:
                    raise UsageError(f"{option} does not go with --haplotypes")

    def _check_output(self) -> None:
        """Refuse outputs that cannot be indexed or continued."""
        output = self.output or "-"
        if self.index and (self.format == "tsv" or output.endswith(".bcf")):
            raise UsageError("--index needs -o FILE.vcf.gz")
        if self.resume and (output == "-" or self.variants in (None, "-")) and not self.saturation:
            raise UsageError("--resume needs variants from a file and -o")

    def _check_part(self) -> None:
        """Refuse a part that there is not, and rows that cannot be counted before they are read."""
        if self.part is None:
            return
        if not self.saturation and (self.variants or "-") == "-":
            raise UsageError("--part counts the rows first: it needs variants from a file")
