"""Signal tracks from aligned reads."""
