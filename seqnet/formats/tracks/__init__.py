"""Signal tracks."""
