"""What a file holds, as text."""
