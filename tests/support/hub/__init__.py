"""A Hub on this machine, and Spaces whose apps are real Gradio servers."""
