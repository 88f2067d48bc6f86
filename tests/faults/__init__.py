"""What networks and servers do wrong, between the client and real servers."""
