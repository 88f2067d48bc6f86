"""The API of an app: its endpoints, their parameters, types and defaults, and their payloads."""
