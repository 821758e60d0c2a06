"""A log in, a digest of it out: never larger than its budget, with every failure kept and traceable."""
