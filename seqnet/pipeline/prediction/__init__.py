"""Predictions of regions, sequences and tiles."""
