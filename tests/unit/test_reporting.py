"""Messages go through logging, progress through a meter; nothing prints by itself."""

import logging

import pytest

from seqnet import reporting


def test_warnings_are_visible_without_any_setting_and_notes_are_not(capfd):
    logger = logging.getLogger("seqnet")
    assert not logger.handlers
    root, level = logging.getLogger(), logging.getLogger().level
    kept, root.handlers = root.handlers, []  # those of the test runner
    root.setLevel(logging.WARNING)
    try:
        reporting.note("a note")
        reporting.detail("a detail")
        reporting.say("a line")
        reporting.warn("a warning of 100 %")
    finally:
        root.handlers = kept
        root.setLevel(level)
    assert capfd.readouterr() == ("", "a warning of 100 %\n")


def test_messages_have_the_levels_of_logging(caplog):
    with caplog.at_level(logging.DEBUG, "seqnet"):
        reporting.note("a")
        reporting.warn("b")
        reporting.detail("c")
        assert reporting.wants_details()
        assert reporting.wants_notes()
    assert [(r.getMessage(), r.levelname) for r in caplog.records] == [
        ("a", "INFO"), ("b", "WARNING"), ("c", "DEBUG")]  # fmt: skip
    assert not reporting.wants_notes()


class Counted(reporting.SilentMeter):
    """Remembers what it is told."""

    def __init__(self):
        self.told = []

    def advance(self, done):
        self.told.append(done)

    def stop(self):
        self.told.append("stop")


def test_progress_goes_to_the_meters_in_use_and_ends_with_the_work():
    made = []

    def factory(label, total):
        made.append((label, total, Counted()))
        return made[-1][2]

    with reporting.progress_bar("rows", 3) as progress:  # nobody listens
        progress(3)
    with reporting.metered(factory):
        with reporting.progress_bar("rows", 3) as progress:
            progress(1)
            progress(2)
        with pytest.raises(ValueError, match="broken"), reporting.meter("bases") as meter:
            meter.advance(5)
            meter.skip(5)
            meter.say("loss 1")
            raise ValueError("broken")
    with reporting.meter("rows", 3) as meter:
        assert isinstance(meter, reporting.SilentMeter)
        meter.advance(1)
    (label, total, first), (other, unknown, second) = made
    assert (label, total, first.told) == ("rows", 3, [1, 2, "stop"])
    assert (other, unknown, second.told) == ("bases", None, [5, "stop"])
