"""What a memory says, as rows of text that fit, and as JSON."""
