"""The command: the only place that knows argv, the standard streams and exit codes."""
