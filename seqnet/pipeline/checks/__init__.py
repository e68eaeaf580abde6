"""What is wrong with the inputs of a training run."""
