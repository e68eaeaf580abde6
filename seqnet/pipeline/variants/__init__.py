"""Effects of variants under models and motifs."""
