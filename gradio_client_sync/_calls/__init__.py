"""Running one call, from the prepared request to its result."""
