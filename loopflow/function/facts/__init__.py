"""Source code in, facts out: what a file defines, binds and refers to. No tree is kept."""
