"""Benchmarks that compare this client with the raw protocol and with the official clients."""
