"""loopflow: what a codebase costs in tokens, and the codebase itself as context for a language model."""
