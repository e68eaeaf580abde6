"""Counting k-mers and making features of them."""
