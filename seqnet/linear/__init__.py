"""Linear models: their losses, solvers and standardisation."""
