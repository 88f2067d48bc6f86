"""An app with calls that end in every way."""

import gradio as gr


def greet(name):
    return f"Hello {name}!"


def refuse(name):
    raise gr.Error("never")


def stumble(name):
    return [][0]


def count(name):
    for number in range(3):
        yield str(number)


def wrong(name):
    return 5, name


with gr.Blocks() as demo:
    name, out = gr.Textbox(label="name"), gr.Textbox(label="out")
    picture = gr.Image(label="picture")
    button = gr.Button()
    for function in (greet, refuse, stumble, count):
        button.click(function, name, out, api_name=function.__name__)
    button.click(wrong, name, [picture, out], api_name="wrong")

demo.queue().launch(share=True, server_port=1)
