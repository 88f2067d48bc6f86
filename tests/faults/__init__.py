"""Faults of networks and servers, between the client and real servers."""
