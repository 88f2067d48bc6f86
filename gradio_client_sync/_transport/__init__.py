"""Bytes in and out, and nothing else: no policy, no meaning."""
