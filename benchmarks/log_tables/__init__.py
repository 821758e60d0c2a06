"""What benchmarks/logs.py measures, one module a table, and the logs that it makes for that."""
