"""What an app says of its endpoints: parameters, types, defaults, and payloads that fit."""
