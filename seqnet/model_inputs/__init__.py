"""The values that models are fed."""
