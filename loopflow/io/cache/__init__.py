"""What is known from earlier runs."""
