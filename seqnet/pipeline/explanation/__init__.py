"""The step ``explain``: attributions of a model's outputs to bases, and motifs of its filters."""
