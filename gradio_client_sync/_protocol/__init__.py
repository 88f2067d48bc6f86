"""What the wire means: no sockets, threads, clocks or files in here."""
