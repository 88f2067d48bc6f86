"""Hugging Face Spaces: waking, tokens, signed URLs and duplication."""
