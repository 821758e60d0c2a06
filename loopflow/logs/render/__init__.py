"""A digest in other forms: one file each. They know the digest, and nothing of where it comes from."""
