"""The step ``discover``: the motifs that a model has learnt."""
