"""What models read: regions, genomes and tracks, brought together and checked."""
