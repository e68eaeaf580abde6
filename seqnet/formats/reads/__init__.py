"""Aligned reads and fragments."""
