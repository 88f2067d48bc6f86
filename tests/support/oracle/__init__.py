"""The Gradio JavaScript clients as an oracle: which events one submission gives, in order."""
