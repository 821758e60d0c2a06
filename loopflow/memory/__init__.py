"""Failures remembered across runs, in an MCP memory server where there is one, in files where there is none.

`loopflow memory` asks it, `loopflow logs --store-memory` fills it. Nothing here knows logs: `loopflow.cli` joins both.
"""
