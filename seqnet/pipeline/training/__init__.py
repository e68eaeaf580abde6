"""Training linear models and networks."""
