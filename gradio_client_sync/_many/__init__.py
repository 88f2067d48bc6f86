"""Many calls of one endpoint: which item runs when, and the journal of those that have ended."""
