"""Rows shared out among training, validation and test: by stretches, groups and draws."""
