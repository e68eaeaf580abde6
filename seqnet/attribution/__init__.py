"""What a model's outputs owe to each base: attributions, and motifs of its filters."""
