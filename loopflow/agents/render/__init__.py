"""A survey of what agents load, in each of its forms."""
