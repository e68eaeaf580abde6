"""k-mer tables of sequences."""
