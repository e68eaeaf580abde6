"""Layers of networks: blocks of convolutions, maxima, residual blocks."""
