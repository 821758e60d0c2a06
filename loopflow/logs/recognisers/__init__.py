"""What failures look like: a file for each family of tools, and tables in them. A new tool is a row and a test."""
