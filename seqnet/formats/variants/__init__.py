"""Variant files: VCF, BCF and tables."""
