"""What a tool says, narrowed before a model reads it: never more than a limit, and what failed is still there."""
