"""Tracks along a genome: values per base and per bin, their layout, and how reads become one."""
