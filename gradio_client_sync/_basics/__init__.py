"""What all modules use: words of messages, records, and lists that do not change."""
