"""The connection of one client: how it is opened, makes calls, and is closed."""
