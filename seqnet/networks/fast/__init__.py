"""Layers computed in other ways, where that is cheaper on a processor."""
