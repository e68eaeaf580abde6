"""Simulated data: sequences after a grammar of binding sites, and small genomes with peaks and signal."""
