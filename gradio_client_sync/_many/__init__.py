"""Many calls of one endpoint: what is read, what runs, what goes again, in which order it ends."""
