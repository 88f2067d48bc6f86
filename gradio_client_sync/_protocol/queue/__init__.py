"""The messages of a job: how they are read, what they change, which events they make."""
