"""Which tracks a model reads, how training makes them comparable, and how rows are split."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeVar

from seqnet.errors import UsageError

if TYPE_CHECKING:
    from seqnet.genome.signals.tracks import Normalisation, Scale, Transform

SignalMissing = Literal["zero", "error"]
Value = TypeVar("Value")
MOST_TASKS = 8
"""Tasks that are explained, or get effects of variants, where none is named."""
BIN = 25
"""Bases per bin of tracks that are denoised."""


class SignalFile(NamedTuple):
    """A track and what the model calls it."""

    name: str
    path: str


def track_files(tracks: Mapping[str, str] | Sequence[tuple[str, str]]) -> tuple[SignalFile, ...]:
    """Return tracks that are given as names and files, as pairs or as a mapping."""
    pairs = tracks.items() if isinstance(tracks, Mapping) else tracks
    return tuple(SignalFile(name, os.fspath(path)) for name, path in pairs)


class SignalSource(NamedTuple):
    """The options of `signal_options` as values."""

    signals: tuple[SignalFile, ...] = ()
    signal_missing: SignalMissing | None = None
    cache_dir: str | None = None

    @staticmethod
    def of(
        signals: Mapping[str, str] | Sequence[tuple[str, str]],
        signal_missing: SignalMissing | None,
        cache_dir: str | None,
    ) -> SignalSource:
        """Return the tracks of a request: names and files, as pairs or as a mapping."""
        return SignalSource(track_files(signals), signal_missing, cache_dir)

    def check(self) -> None:
        """Refuse what goes with tracks where there are none."""
        if not self.signals and (self.signal_missing or self.cache_dir):
            raise UsageError("--signal-missing and --cache-dir go with --signal")


class SignalFit(NamedTuple):
    """How training makes tracks comparable, as options."""

    signal_clip: Mapping[str, float] = {}
    signal_transform: Mapping[str, Transform] = {}
    signal_scale: Mapping[str, Scale] = {}
    strand_pairs: tuple[tuple[str, str], ...] = ()

    def check(self, names: Sequence[str]) -> None:
        """Refuse names that no track has."""
        options = {
            "--signal-clip": [*self.signal_clip], "--signal-transform": [*self.signal_transform],
            "--signal-scale": [*self.signal_scale],
            "--strand-pair": [name for pair in self.strand_pairs for name in pair],
        }  # fmt: skip
        for option, used in options.items():
            if used and not names:
                raise UsageError(f"{option} goes with --signal")
            for name in used:
                if name and name not in names:
                    raise UsageError(f"{option}: no track is named {name!r}; they are {', '.join(names)}")
        paired = options["--strand-pair"]
        if len(set(paired)) < len(paired):
            raise UsageError("--strand-pair: a track is in two pairs")

    def normalisation(self, name: str, scale: Scale = "z") -> Normalisation:
        """Return the normalisation requested for one track; `scale` where none is."""
        from seqnet.genome.signals.tracks import Normalisation  # loads numpy, which --help does not need

        def chosen(values: Mapping[str, Value], default: Value) -> Value:
            return values.get(name, values.get("", default))

        return Normalisation(
            chosen(self.signal_clip, 1.0), chosen(self.signal_transform, "asinh"),
            chosen(self.signal_scale, scale),
        )  # fmt: skip

    def partners(self, names: Sequence[str]) -> tuple[int, ...]:
        """Return for each track the number of the one that takes its place on the other strand."""
        other = {one: two for pair in self.strand_pairs for one, two in (pair, pair[::-1])}
        return tuple(names.index(other.get(name, name)) for name in names)


class SplitOptions(NamedTuple):
    """How rows are split, where the data do not say."""

    valid_chroms: Sequence[str] = ()
    test_chroms: Sequence[str] = ()
    valid_fraction: float | None = None
    test_fraction: float | None = None
    split_blocks: int | None = None

    @property
    def by_chroms(self) -> bool:
        """Whether contigs are held out."""
        return bool(self.valid_chroms or self.test_chroms)

    @property
    def by_fractions(self) -> bool:
        """Whether shares of the rows are held out."""
        return self.valid_fraction is not None or self.test_fraction is not None


@dataclass(frozen=True, kw_only=True)
class SplitRequest:
    """How rows are split into train, valid and test; fields that several requests have.

    Parameters
    ----------
    valid_chroms, test_chroms
        Contigs to validate and to test on: names, wildcards or files of names.
    valid_fraction, test_fraction
        Shares of the rows to validate and to test on.
    split_blocks
        Bases of the stretches that fractions hold out; None for the default.
    """

    valid_chroms: Sequence[str] = ()
    test_chroms: Sequence[str] = ()
    valid_fraction: float | None = None
    test_fraction: float | None = None
    split_blocks: int | None = None

    @property
    def splits(self) -> SplitOptions:
        """How rows are split."""
        return SplitOptions(
            self.valid_chroms, self.test_chroms, self.valid_fraction, self.test_fraction, self.split_blocks
        )
