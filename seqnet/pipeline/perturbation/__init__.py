"""Experiments on a model: motifs inserted, paired and removed."""
