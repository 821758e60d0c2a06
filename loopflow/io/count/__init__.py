"""Candidates in, counts out."""
