"""Hugging Face Spaces: waking, tokens, signed addresses, duplication."""
