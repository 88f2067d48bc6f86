"""Input and output: sockets, streams and timers. The modules here decide nothing."""
