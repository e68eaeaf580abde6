"""One module per command: options, then read, compute, write."""
