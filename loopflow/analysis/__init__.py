"""Pure functions over the model: no input, no output."""
