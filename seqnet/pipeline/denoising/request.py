"""The request of ``train denoise``; standard library only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from seqnet.errors import UsageError
from seqnet.networks.presets import PresetName
from seqnet.networks.task_types import DENOISING_MONITORS
from seqnet.pipeline.inputs.request import BIN, SignalFile, SignalFit
from seqnet.pipeline.training.request import FitRequest, SignalRequest
from seqnet.pipeline.training.sources import NamedTracks, signal_files

PEAKS = "peaks"
"""The task of ``--target-peaks``."""


@dataclass(frozen=True, kw_only=True)
class TrainDenoiseRequest(SignalRequest, FitRequest):
    """A network from noisy tracks to deep ones; the fields are the options of ``seqnet train denoise``.

    Parameters
    ----------
    signals, target_tracks
        The noisy tracks and the deep ones: name to bigWig, or files, each as ``[NAME=]BIGWIG``.
    target_peaks
        BED of peaks that are learnt from the tracks too.
    step
        Bases per bin, whose means are read.
    window
        Bins per training row. Default: the receptive field.
    chroms
        Only these contigs.
    strand_pairs
        Noisy tracks, and deep ones, of the two strands: reversed tracks of a pair give the reversed track of
        the other (default network).
    preset
        Row of ``networks.presets.PRESETS``. Default: `denoise`, unless layers are given otherwise.
    """

    target_tracks: NamedTracks = ()
    target_peaks: str | None = None
    step: int = BIN
    window: int | None = None
    chroms: Sequence[str] = ()
    strand_pairs: Sequence[tuple[str, str]] = ()
    preset: PresetName | None = None
    kind: ClassVar[str] = "cnn"

    def check(self) -> None:
        """Refuse fields that contradict each other, and miss tracks."""
        from seqnet.datasets.targets import check_task_names  # loads numpy, which --help does not need

        tasks = self.tasks
        if self.target_peaks is not None and PEAKS in tasks[:-1]:
            raise UsageError(
                f"--target-track: {PEAKS!r} is what --target-peaks are called; give it another name"
            )
        try:
            check_task_names(tasks)
        except ValueError as error:
            raise UsageError(f"--target-track: {error}") from error
        super().check()
        if not self.targets:
            raise UsageError("--signal needs --target-track: the tracks that it is to become")
        if not self.track_source.signals:
            raise UsageError("--target-track needs --signal: the tracks to denoise")
        self.check_strand_pairs()
        if self.monitor is not None and self.monitor not in DENOISING_MONITORS:
            raise UsageError(f"--monitor {self.monitor} is not for denoising; take loss or pearson or r2")

    def check_strand_pairs(self) -> None:
        """Refuse pairs of names that are not both of noisy tracks, or both of deep ones."""
        noisy, deep = self.names_of_signals, self.names_of_targets
        for pair in self.strand_pairs:
            if not any(set(pair) <= set(names) for names in (noisy, deep)):
                raise UsageError(
                    f"--strand-pair {','.join(pair)}: expected two names of --signal ({', '.join(noisy)}) "
                    f"or of --target-track ({', '.join(deep)})"
                )
        for names in (noisy, deep):
            paired = [name for pair in self.pairs_of(names) for name in pair]
            if len(set(paired)) < len(paired):
                raise UsageError("--strand-pair: a track is in two pairs")

    def pairs_of(self, names: Sequence[str]) -> tuple[tuple[str, str], ...]:
        """Return the strand pairs among some tracks."""
        return tuple(pair for pair in self.strand_pairs if set(pair) <= set(names))

    def partners(self, names: Sequence[str]) -> tuple[int, ...]:
        """Return for each of some tracks the number of the one that takes its place on the other strand."""
        return SignalFit(strand_pairs=self.pairs_of(names)).partners(names)

    def layer_choices(self) -> dict[str, object]:
        """Return the options that choose the layers, and what each was given."""
        return {"--preset": self.preset, **super().layer_choices()}

    @property
    def targets(self) -> tuple[SignalFile, ...]:
        """The deep tracks."""
        return signal_files(self.target_tracks)

    @property
    def names_of_signals(self) -> list[str]:
        """The names of the noisy tracks."""
        return [file.name for file in self.track_source.signals]

    @property
    def names_of_targets(self) -> list[str]:
        """The names of the deep tracks."""
        return [file.name for file in self.targets]

    @property
    def tasks(self) -> tuple[str, ...]:
        """Names of the outputs."""
        names = tuple(file.name for file in self.targets)
        return names if self.target_peaks is None else (*names, PEAKS)

    @property
    def files(self) -> tuple[str, ...]:
        """The files that are read."""
        paths = tuple(file.path for file in (*self.track_source.signals, *self.targets))
        return paths if self.target_peaks is None else (*paths, self.target_peaks)
