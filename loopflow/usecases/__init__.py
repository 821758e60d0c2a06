"""What the profiler does: each use case from a request to data, nothing of how it is shown."""
