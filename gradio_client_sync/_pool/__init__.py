"""Several addresses of one app: which replica gets a call, and which replicas can be used."""
