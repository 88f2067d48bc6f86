"""Endpoints as source code: docstrings, layout and generated modules."""
