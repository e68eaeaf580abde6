"""Regions and contigs."""
