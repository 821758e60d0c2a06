"""git: how it is run, what it is asked, and how its answers are read."""
