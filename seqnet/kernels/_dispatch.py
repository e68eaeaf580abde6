"""Which kernels run: the compiled ones, or their numpy twins."""

from __future__ import annotations

import importlib
import os
from functools import cache
from typing import TYPE_CHECKING, NamedTuple, Protocol, cast

from seqnet.errors import UsageError

if TYPE_CHECKING:
    import numpy as np
    from _typeshed import ReadableBuffer
    from numpy.typing import NDArray

    from seqnet.aliases import Bools, Codes, Floats, Ints, Reals

    Bytes = bytes | memoryview
    Singles = NDArray[np.float32]

VARIABLE = "SEQNET_KERNELS"
CHOICES = ("numpy", "c", "avx2", "avx512")


class CompiledKernels(Protocol):
    """The functions of the compiled module, as `src/border/functions.h` declares them.

    Arrays are contiguous; `kind` is one of `kinds`. Sizes that do not fit raise ValueError.
    """

    def kinds(self) -> tuple[str, ...]: ...

    def blocks_run(self, kind: str, /) -> bool: ...

    def block_spectra(
        self, kind: str, x: Singles, size: int, kept: int, blocks: int, channels: int, table: Singles,
        out: Singles, /,
    ) -> None: ...  # fmt: skip

    def block_outputs(
        self, kind: str, products: Singles, first: int, all: int, size: int, blocks: int, kept: int,
        filters: int, table: Singles, out: Singles, /,
    ) -> None: ...  # fmt: skip

    def encode(self, kind: str, data: Bytes, table: bytes, out: Codes, /) -> tuple[int, int, int]: ...

    def encode_records(
        self, kind: str, data: Bytes, table: bytes, out: Codes, ends: Ints, names: NDArray[np.uint8], /
    ) -> tuple[int, int, int, int]: ...

    def gather_one_hot(
        self, kind: str, codes: Codes, start: Ints, low: Ints, high: Ints, flip: Bools, width: int,
        channels: int, out: Singles, /,
    ) -> None: ...  # fmt: skip

    def gather_values(
        self, values: Singles, start: Ints, low: Ints, high: Ints, flip: Bools, width: int, channels: int,
        channel: int, out: Singles, /,
    ) -> None: ...  # fmt: skip

    def count_words(
        self, kind: str, codes: Codes, offsets: Ints, fresh: Ints, masks: NDArray[np.uint32], bases: Ints,
        tables: NDArray[np.int32], starts: Ints, features: int, hash_bits: int, ends: Ints,
        columns: NDArray[np.int32], counts: NDArray[np.uint32], /,
    ) -> int: ...  # fmt: skip

    def maxima(
        self, kind: str, rows: Singles, columns: int, span: int, stride: int, out: Singles, /
    ) -> None: ...

    def occupancy(
        self, words: NDArray[np.uint16], places: int, windows: int, offsets: Ints, tables: Floats,
        out: Floats, /,
    ) -> None: ...  # fmt: skip

    def residual_runs(self, kind: str, /) -> bool: ...

    def residual_rows(
        self, kind: str, x: Singles, scale: Singles, shift: Singles, matrices: Singles, bias: Singles,
        dilation: int, length: int, out: Singles, /,
    ) -> None: ...  # fmt: skip

    def residual_edits(
        self, kind: str, x: Singles, unedited: Singles, scale: Singles, shift: Singles, matrices: Singles,
        dilation: int, edits: Ints, differs: bool, out: Singles, /,
    ) -> None: ...  # fmt: skip

    def rectify_edits(
        self, kind: str, x: Singles, unedited: Singles, scale: Singles, edits: Ints, differences: Singles,
        highest: Singles, total: Singles, /,
    ) -> None: ...  # fmt: skip

    def screen_prepare(self, kind: str, widths: Ints, scores: Floats, thresholds: Floats, /) -> object: ...

    def screen_find(self, screen: object, codes: Codes, starts: int, /) -> tuple[ReadableBuffer, ...]: ...

    def shuffle(
        self, codes: Codes, offsets: Ints, streams: Ints, k: int, seed: int, out: Codes, /
    ) -> None: ...

    def extend(
        self, sums: Floats, weights: Floats, column: Floats, letters: Floats, limit: float, tie: float,
        out_sums: Floats, out_weights: Floats, /,
    ) -> int: ...  # fmt: skip

    def grid_tail(self, shifts: Ints, letters: Floats, tail: Floats, scratch: Floats, /) -> None: ...

    def hit_lines(
        self, sequence: bytes, shift: int, codes: Codes, start: Ints, motif: NDArray[np.int32],
        strand: NDArray[np.int8], level: Ints, score: Floats, p_value: Floats, names: bytes, name_ends: Ints,
        alternates: bytes, alternate_ends: Ints, widths: Ints, /,
    ) -> bytes: ...  # fmt: skip

    def write_numbers(self, values: Floats, general: bool, /) -> bytes: ...

    def track(self, codes: Codes, scores: Floats, strand: int, out: Reals, /) -> None: ...

    def summarise(
        self, codes: Codes, offsets: Ints, scores: Floats, thresholds: Floats, sign: int, start: Ints,
        strand: NDArray[np.int8], score: Floats, hits: Ints, total: Floats, /,
    ) -> None: ...  # fmt: skip

    def edit_words(
        self, codes: Codes, width: int, ends: Ints, places: Ints, letters: Codes, masks: NDArray[np.uint32],
        bases: Ints, tables: NDArray[np.int32], starts: Ints, features: int, hash_bits: int, weights: Floats,
        values: Floats, shares: bool, covers: NDArray[np.uint32], cover_sums: Floats, changes: Floats,
        wholes: Floats, /,
    ) -> None: ...  # fmt: skip

    def word_maxima(
        self, kind: str, words: Codes, tables: Singles, row: Ints, begin: Ints, rows: int, filters: int,
        span: int, stride: int, floor: float, out: Singles, /,
    ) -> None: ...  # fmt: skip


class Kernels(NamedTuple):
    """The kernels in force."""

    module: CompiledKernels | None
    """The compiled module, or None when the numpy twins are to be used."""
    kind: str
    """One of `CHOICES`."""


@cache
def chosen() -> Kernels:
    """Choose the kernels, once: every call of one asks for them.

    The environment variable ``SEQNET_KERNELS`` forces one kind: ``numpy``, or the compiled kernels
    as they run on any processor (``c``) or with its vectors (``avx2``, ``avx512``). Without it the
    compiled kernels are used when they were built, with the best vectors the processor has.

    Raises
    ------
    UsageError
        If the variable asks for an unknown kind, or for kernels that were not built or that this
        processor cannot run.
    """
    wanted = os.environ.get(VARIABLE, "")
    if wanted and wanted not in CHOICES:
        raise UsageError(f"{VARIABLE} is {wanted!r}; expected one of {', '.join(CHOICES)}")
    if wanted == "numpy":
        return Kernels(None, "numpy")
    try:
        module = cast("CompiledKernels", importlib.import_module("seqnet.kernels._compiled"))
    except ImportError as error:
        if wanted:
            raise UsageError(f"{VARIABLE} asks for compiled kernels: {error}") from error
        return Kernels(None, "numpy")
    kinds = module.kinds()
    if wanted and wanted not in kinds:
        runs = ", ".join(("numpy", *kinds))
        raise UsageError(f"{VARIABLE} asks for {wanted}, which cannot run here; what can: {runs}")
    return Kernels(module, wanted or kinds[-1])


def compiled() -> CompiledKernels | None:
    """Return the compiled module, or None when the numpy twins are to be used; raises as `chosen` does."""
    return chosen().module


def in_force() -> tuple[CompiledKernels, str]:
    """Return the compiled module and the kind of kernels, where a kernel is known to be compiled."""
    module, kind = chosen()
    assert module is not None
    return module, kind


def available() -> tuple[str, ...]:
    """Return the kinds of kernels that can run here, in order of speed."""
    module = compiled()
    return ("numpy",) if module is None else ("numpy", *module.kinds())


def description() -> str:
    """Name the kind of kernels in use; raises as `chosen` does."""
    return chosen().kind
