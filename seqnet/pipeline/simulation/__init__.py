"""Simulated sequences and genomes."""
