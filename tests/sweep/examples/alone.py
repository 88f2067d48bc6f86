"""An app that does not launch itself, in a file of its own."""

import gradio as gr

demo = gr.Interface(lambda a, b: a + b, ["number", "number"], "number")
