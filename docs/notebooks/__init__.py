"""The example notebooks, the app that they call, and the script that takes their screenshots."""
