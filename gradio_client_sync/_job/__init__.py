"""One job: its control, its events, and its input while it runs."""
