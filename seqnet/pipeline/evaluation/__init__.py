"""Predictions compared with labels."""
