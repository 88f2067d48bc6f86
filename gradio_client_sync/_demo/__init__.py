"""The screen of the demo, and the process of its app. The steps are in `demo`."""
