"""Contexts and what is known of them, in each form."""
