"""The parts of the demo that are not the demo itself: the screen, and the app's process."""
