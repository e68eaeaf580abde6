"""Batches, the fit loop, linear models, prediction and metrics."""
