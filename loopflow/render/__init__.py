"""Reports in, text out: one file per output format."""
