"""Checkpoints and signals of a training command."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from seqnet.errors import TERMINATED, SeqnetError, Terminated, UsageError
from seqnet.formats.models.checkpoint import CheckpointFolder, lock_folder
from seqnet.networks.header.types import FieldError
from seqnet.training.config import StopRequest
from seqnet.training.snapshot import Snapshot

if TYPE_CHECKING:
    from seqnet.aliases import Json
    from seqnet.pipeline.training.request import FitRequest


@dataclass(frozen=True)
class CheckpointOptions:
    """Where and how often."""

    folder: str | None
    steps: int | None
    seconds: float | None
    resume: bool
    requeue_code: int

    @staticmethod
    def of(request: FitRequest) -> CheckpointOptions:
        """Return those of a request."""
        return CheckpointOptions(
            request.checkpoint_dir, *request.checkpoint_every, request.resume, request.requeue_code
        )


class StopSignals:
    """SIGTERM and SIGUSR1, which wait for the end of a step while `patient`."""

    def __init__(self, requeue_code: int) -> None:
        self.patient = False
        self.code = 0
        """The requested exit code; 0 for none."""
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
        self.whole = options.folder
        """The folder of the whole run."""
        self.signals = StopSignals(options.requeue_code)
        self._folder: CheckpointFolder | None = None
        self._saved = time.monotonic()

    @contextmanager
    def held(self) -> Iterator[Checkpoints]:
        """Hold the folder for this run, signals heeded."""
        with ExitStack() as stack:
            if self.options.folder is not None:
                stack.enter_context(self.signals.heeded())
                if self._first:
                    stack.enter_context(lock_folder(self.options.folder, resume=self.options.resume))
            yield self

    @contextmanager
    def member(self, number: int) -> Iterator[Checkpoints]:
        """Hold the checkpoints of a network of an ensemble, counted from 0.

        The first has the folder of the run, as a network alone has, so that another number of networks is
        found out by its checkpoint; the others have folders in it.
        """
        if self.options.folder is None or not number:
            yield self
            return
        folder = os.path.join(self.options.folder, f"member-{number + 1}")
        member = Checkpoints(replace(self.options, folder=folder), first=self._first)
        member.signals, member.whole = self.signals, self.whole
        with ExitStack() as stack:
            if self._first:
                stack.enter_context(lock_folder(folder, resume=True))
            yield member

    def found(self, settings: Json) -> Snapshot | None:
        """Return the state to go on from, and from now on wait for the end of a step at a signal."""
        if self.options.folder is None:
            return None

        self._folder = CheckpointFolder(self.options.folder, settings)
        latest = self._folder.latest() if self.options.resume else None
        self.signals.patient = True
        if latest is None:
            return None
        snapshot = Snapshot(latest.values, latest.arrays)
        try:
            snapshot.check()
        except FieldError as error:
            raise SeqnetError(
                f"{self.options.folder}: holds a checkpoint that cannot be read: {error}"
            ) from error
        return snapshot

    def stop_request(self, step: int) -> StopRequest:
        """Return what is wanted after a step."""
        if self._folder is None:
            return StopRequest()
        steps, seconds = self.options.steps, self.options.seconds
        due = step % steps == 0 if steps else time.monotonic() - self._saved >= (seconds or 0)
        return StopRequest(due, self.signals.code)

    def save(self, snapshot: Snapshot) -> None:
        """Write a checkpoint."""
        if self._folder is not None:
            self._folder.save(snapshot.values["step"], snapshot.values, snapshot.arrays)
            self._saved = time.monotonic()
