"""An app that does not start."""

raise ValueError("not today")
