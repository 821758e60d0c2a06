"""Everything that touches git, files and encodings: select, read, count, add up."""
