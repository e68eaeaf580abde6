"""Terms of k-mers and motifs as functions of sequences: exact differences and shares."""
