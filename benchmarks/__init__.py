"""How this client compares with the raw wire and with the official clients, side by side."""
