"""k-mer tables."""
