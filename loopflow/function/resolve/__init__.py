"""From a reference in source to the definitions that it means, by scopes, imports and declared types."""
