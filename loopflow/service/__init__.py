"""Exact counts of texts and what they refer to: in a pipe, over HTTP, kept in memory and in a database.

`parsing`, `streams`, `files` and `variables` need nothing beside the core, and `loopflow count` uses no more than them;
what asks another machine, keeps something or listens needs the extra `service`.
"""
