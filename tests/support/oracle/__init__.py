"""The Gradio JavaScript clients, as a reference for the events of a submission and their order."""
