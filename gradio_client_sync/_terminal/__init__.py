"""Text for people: plain texts, progress bars, and a line that changes in place."""
