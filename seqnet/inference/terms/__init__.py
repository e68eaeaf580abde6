"""Linear terms of k-mers and of motifs, alone or added to a network's outputs."""
