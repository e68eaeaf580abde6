"""Options that commands share: their types, their groups in `--help`, and what they check."""
