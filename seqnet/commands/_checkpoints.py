"""Checkpoints and signals of a training command."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from seqnet.commands._command import TERMINATED, Terminated
from seqnet.commands._fit_options import parse_interval
from seqnet.errors import UsageError

if TYPE_CHECKING:
    from seqnet.aliases import Json
    from seqnet.formats.checkpoint import CheckpointFolder
    from seqnet.training.config import Wish
    from seqnet.training.snapshot import Snapshot


@dataclass(frozen=True)
class CheckpointOptions:
    """Where and how often."""

    folder: str | None
    steps: int | None
    seconds: float | None
    resume: bool
    requeue_code: int

    @staticmethod
    def take(options: dict[str, Any]) -> CheckpointOptions:
        """Take them out of the options of a command.

        Raises
        ------
        UsageError
            If the interval is none, or there is nothing to resume.
        """
        folder, resume = options.pop("checkpoint_dir"), options.pop("resume")
        interval = parse_interval(options.pop("checkpoint_every"))
        if resume and folder is None:
            raise UsageError("--resume needs --checkpoint-dir")
        return CheckpointOptions(folder, *interval, resume, options.pop("requeue_code"))


class StopSignals:
    """SIGTERM and SIGUSR1, which wait for the end of a step while `patient`."""

    def __init__(self, requeue_code: int) -> None:
        self.patient = False
        self.code = 0
        """The exit code that was asked for; 0 for none."""
        self._codes = {signal.SIGTERM: TERMINATED, signal.SIGUSR1: requeue_code}

    def handle(self, number: int, _frame: object) -> None:
        """Note a signal, or end at once where there is no state to lose."""
        self.code = self._codes[signal.Signals(number)]
        if self.patient:
            return
        if number == signal.SIGTERM:
            raise Terminated
        raise RequeueError(self.code)

    @contextmanager
    def heeded(self) -> Iterator[None]:
        """Handle both until the block ends."""
        before: dict[int, Any] = {}
        with suppress(ValueError):  # not in the main thread: leave signals alone
            for number in self._codes:
                before[number] = signal.signal(number, self.handle)
        try:
            yield
        finally:
            for caught, handler in before.items():
                signal.signal(caught, handler)


class RequeueError(UsageError):
    """SIGUSR1 arrived before training began or after it ended."""

    def __init__(self, code: int) -> None:
        super().__init__("stopped by SIGUSR1; start again with --resume")
        self.exit_code = code


class Checkpoints:
    """The checkpoints of one run: found, made when due, and made when a signal asks for it.

    Parameters
    ----------
    options
        Where and how often; without a folder nothing is kept and signals are left alone.
    first
        Whether this process of the run writes.
    """

    def __init__(self, options: CheckpointOptions, *, first: bool = True) -> None:
        self.options, self._first = options, first
        self.signals = StopSignals(options.requeue_code)
        self._folder: CheckpointFolder | None = None
        self._saved = time.monotonic()

    @contextmanager
    def held(self) -> Iterator[Checkpoints]:
        """Hold the folder for this run, signals heeded."""
        with ExitStack() as stack:
            if self.options.folder is not None:
                from seqnet.formats.checkpoint import lock_folder

                stack.enter_context(self.signals.heeded())
                if self._first:
                    stack.enter_context(lock_folder(self.options.folder, resume=self.options.resume))
            yield self

    def found(self, settings: Json) -> Snapshot | None:
        """Return the state to go on from, and from now on wait for the end of a step at a signal."""
        if self.options.folder is None:
            return None
        from seqnet.formats.checkpoint import CheckpointFolder
        from seqnet.training.snapshot import Snapshot

        self._folder = CheckpointFolder(self.options.folder, settings)
        latest = self._folder.latest() if self.options.resume else None
        self.signals.patient = True
        return None if latest is None else Snapshot(latest.values, latest.arrays)

    def wish(self, step: int) -> Wish:
        """Return what is wanted after a step."""
        from seqnet.training.config import Wish

        if self._folder is None:
            return Wish()
        steps, seconds = self.options.steps, self.options.seconds
        due = step % steps == 0 if steps else time.monotonic() - self._saved >= (seconds or 0)
        return Wish(due, self.signals.code)

    def save(self, snapshot: Snapshot) -> None:
        """Write a checkpoint."""
        if self._folder is not None:
            self._folder.save(snapshot.values["step"], snapshot.values, snapshot.arrays)
            self._saved = time.monotonic()
