"""Output for terminals: plain text, progress bars, and a line that changes in place."""
