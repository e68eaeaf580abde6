"""Steps that make, score, convert, compare and draw motifs."""
