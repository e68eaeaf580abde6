"""Compiled kernels and, beside each, its numpy twin of the same signature and results."""
