"""Plots and reports: values in, bytes out."""
