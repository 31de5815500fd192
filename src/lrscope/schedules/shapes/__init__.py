"""Every shape, one family a file."""
