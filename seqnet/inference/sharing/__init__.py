"""Overlapping windows computed once: their geometry, the plan, the operators."""
