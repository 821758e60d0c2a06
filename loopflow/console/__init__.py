"""The edge to the process: streams, progress, errors that become messages and exit codes."""
