"""Compiled kernels and, for each, its numpy twin of the same signature and results."""
