"""Windows along a stretch, as values; without torch."""

from __future__ import annotations

from typing import NamedTuple


class Tiling(NamedTuple):
    """Windows of one width, a step apart, along a stretch."""

    width: int
    step: int
    tiles: int
    """Number of windows."""

    @property
    def bases(self) -> int:
        """Bases that they cover."""
        return self.width + (self.tiles - 1) * self.step
