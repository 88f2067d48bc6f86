"""Secrets that are laid out for the whole run, and a look for where they turn up."""
