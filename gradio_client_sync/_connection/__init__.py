"""Everything that one client has open, how it is opened, and how it ends."""
