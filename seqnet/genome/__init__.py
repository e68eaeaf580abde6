"""Encoded sequences, interval arithmetic, region tables and splits."""
