"""Scanning sequences with motifs."""
