"""What becomes training data: merged peaks, negatives, splits."""
