"""What a score means: p-values, q-values and thresholds."""
