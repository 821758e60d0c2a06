"""Any hierarchy of tokens drawn: what each drawing needs to know of numbers, names and terminals."""
