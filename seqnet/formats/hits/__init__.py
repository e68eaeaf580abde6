"""Motif hits."""
