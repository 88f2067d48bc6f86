"""The example notebooks, the app that they call, and how their pictures are taken."""
