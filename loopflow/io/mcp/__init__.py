"""Speaking with a server of MCP that is not ours: a process or an address, bounded in what it may say."""
