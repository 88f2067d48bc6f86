"""Parts of the demo besides its steps: the screen, and the app's process."""
