"""Motif formats."""
