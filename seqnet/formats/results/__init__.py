"""Metrics and other tables of results."""
