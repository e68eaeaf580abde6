"""What the header of a model file says: its types, and how it is checked."""
