"""What coding agents load of a repository before the first word: found by their own rules, counted, held to budgets."""
