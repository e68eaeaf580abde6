"""Linear terms that are added to a network: k-mers and motifs, and the weights of the parts."""
