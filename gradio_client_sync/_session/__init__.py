"""One app and one session on it: discovery, restarts, joining the queue, cancelling."""
