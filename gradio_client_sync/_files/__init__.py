"""Files on their way: what can be sent, uploads, downloads, and the folders they go to."""
