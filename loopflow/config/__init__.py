"""What holds for a run: the config file, the environment, the options."""
