"""Predictions of trained models, on a CPU or a GPU."""
