"""Labelled regions from peaks, and their negatives."""
