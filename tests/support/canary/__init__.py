"""Secrets that a whole test run uses, and a search for leaks of them."""
