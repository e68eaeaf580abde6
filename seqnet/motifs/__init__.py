"""Motifs: counts, probabilities, log-odds, information, p-values, scanning."""
