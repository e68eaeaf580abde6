"""What is written for each allele, as fields of the INFO column or columns of a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from seqnet.aliases import Floats
from seqnet.formats.files.numbers import UNKNOWN
from seqnet.formats.variants.writers import Field, clean_names
from seqnet.pipeline.variants.rows import Effects, flag_description

DIGITS = 6
"""Significant digits of numbers in files."""
EXACT_DIGITS = 17


class _Number(NamedTuple):
    """A number that is written for each task."""

    name: str
    """Of `Effects.more`, or ``ref``, ``alt`` or ``delta``."""
    description: str
    """The task's name follows."""


_ALWAYS = (
    _Number("ref", "Output with the reference allele, {unit}, of"),
    _Number("alt", "Output with the alternative allele, {unit}, of"),
    _Number("delta", "Alternative less reference, {unit}, of"),
)
_SOMETIMES = (
    _Number("sd", "Standard deviation of DELTA over the models, of"),
    _Number("null", "Quantile of the size of DELTA among like substitutions in the same window, of"),
    _Number("p_ref", "P-value of REF, of motif"),
    _Number("p_alt", "P-value of ALT, of motif"),
)


class FieldTable:
    """The fields of a run, and their texts.

    Parameters
    ----------
    tasks
        Names of all tasks.
    chosen
        Which of them are written.
    unit
        Of the outputs.
    more
        Other numbers that effects have.
    with_motifs
        Whether changed motifs are named.
    digits
        Significant digits of numbers.
    """

    def __init__(
        self,
        tasks: Sequence[str],
        chosen: Sequence[int],
        *,
        unit: str,
        prefix: str,
        more: Sequence[str],
        with_motifs: bool,
        digits: int = DIGITS,
    ) -> None:
        self._digits = digits
        self._chosen = list(chosen)
        names = [tasks[number] for number in chosen]
        self._numbers = [*_ALWAYS, *(number for number in _SOMETIMES if number.name in more)]
        self.fields: list[Field] = []
        for clean, name in zip(clean_names(names), names, strict=True):
            for number in self._numbers:
                text = f"{number.description.format(unit=unit)} {name}"
                key = f"{prefix}_{number.name.upper()}_{clean}"
                self.fields.append(Field(key, f"{number.name}_{clean}", "Float", "A", text))
        self._with_motifs = with_motifs
        if with_motifs:
            text = "Motifs whose best match changes most: name|gain or loss|p-value of REF|p-value of ALT"
            self.fields.append(Field(f"{prefix}_MOTIF", "motif", "String", "A", text))
        self.fields.append(Field(f"{prefix}_FLAG", "flag", "String", ".", flag_description()))

    def texts(self, effects: Effects, motifs: Sequence[str]) -> list[list[str]]:
        """Return the texts of each allele, one per field."""
        columns = []
        values = {"ref": effects.ref, "alt": effects.alt, "delta": delta_of(effects), **effects.more}
        for task in self._chosen:
            columns += [number_texts(values[number.name][:, task], self._digits) for number in self._numbers]
        if self._with_motifs:
            columns.append(list(motifs))
        columns.append([flag or UNKNOWN for flag in effects.flags])
        return [list(row) for row in zip(*columns, strict=True)]

    def blank(self, flag: str) -> list[str]:
        """Return the texts of an allele without an effect."""
        return [UNKNOWN] * (len(self.fields) - 1) + [flag]


def delta_of(effects: Effects) -> Floats:
    """Return alternative less reference; 0 where both are the same infinity."""
    with np.errstate(invalid="ignore"):
        deltas = effects.alt - effects.ref
    return np.where(np.isinf(effects.ref) & (effects.ref == effects.alt), 0.0, deltas)


def number_texts(values: Floats, digits: int = DIGITS) -> list[str]:
    """Return numbers with so many significant digits, a point for NaN; no negative zero."""
    return [UNKNOWN if value != value else f"{value + 0.0:.{digits}g}" for value in values.tolist()]
