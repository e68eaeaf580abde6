"""Opening files, outputs that appear whole or not at all, and what all formats share."""
