"""An app whose texts and chats grow in the ways of real apps, from Gradio 3.23 to 6.31.

One function returns nothing but session state, which clients do not get.

`server.Server(version, app=(CHATS,))` starts it. What a version lacks is left out.
"""

import sys
from pathlib import Path
from typing import Any, Iterator

sys.path.insert(0, str(Path(__file__).parent))  # -I removes it from the path

import app  # sets up the environment and the standard output for Gradio
import gradio as gr

WORDS = "once upon a time there was".split()
GROWING = [" ".join(WORDS[:count]) for count in range(1, len(WORDS) + 1)]

#: A text that is corrected while it grows: at its end, in its middle, at its start, and all of it.
REWRITTEN = ["Hel", "Hello wrld", "Hello world", "Oh, hello world", "Oh", "", "New", "New", "Newer"]


def grow(text: str) -> Iterator[str]:
    yield from GROWING


def rewrite(text: str) -> Iterator[str]:
    yield from REWRITTEN


def keep(text: str) -> Iterator[Any]:
    """Yield a text, with an update between that leaves it."""
    yield "on"
    yield gr.update(visible=True)
    yield "once"


def with_label(text: str) -> Iterator[tuple[int, str]]:
    yield from enumerate(GROWING)


def pairs(text: str) -> Iterator[Any]:
    """Reply to the text in pairs: first without the reply, as most apps do."""
    yield [["before", "the answer before"], [text, None]]
    for grown in GROWING:
        yield [["before", "the answer before"], [text, grown]]


def messages(text: str) -> Iterator[Any]:
    """Reply to the text in messages, with a thought before the reply."""
    asked = [{"role": "user", "content": text}]
    yield asked
    for grown in ("think", "think hard"):
        yield [*asked, {"role": "assistant", "content": grown, "metadata": {"title": "Thinking"}}]
    asked.append({"role": "assistant", "content": "think hard", "metadata": {"title": "Thinking"}})
    for grown in GROWING:
        yield [*asked, {"role": "assistant", "content": grown}]


def both(text: str) -> Iterator[Any]:
    """Empty the box of the user, and reply in a chat, as pages do."""
    for value in (messages if takes_messages() else pairs)(text):
        yield "", value


def chat(text: Any, history: Any) -> Iterator[str]:
    yield from GROWING


def takes_messages() -> bool:
    """Return whether the chatbot of this version takes messages."""
    return app.RELEASE >= (6, 0) or bool(app.accepted(gr.Chatbot.__init__, type="messages"))


def chatbot(kind: str, **options: Any) -> Any:
    return gr.Chatbot(**options, **app.accepted(gr.Chatbot.__init__, type=kind))


def build(one_worker: bool = False) -> gr.Blocks:
    """Build the app."""
    with gr.Blocks(title="Chats") as demo:
        go, text = gr.Button("go"), gr.Textbox(label="text")
        out, number = gr.Textbox(label="out"), gr.Number(label="number")
        go.click(grow, text, out, api_name="grow")
        go.click(grow, text, gr.Markdown(label="prose"), api_name="prose")
        go.click(rewrite, text, out, api_name="rewrite")
        go.click(keep, text, out, api_name="keep")
        go.click(with_label, text, [number, out], api_name="with_label")
        go.click(lambda text: text, text, gr.State(), api_name="only_state")
        kinds = {"pairs": (pairs, "tuples")} if app.RELEASE < (6, 0) else {}
        if takes_messages():
            kinds["messages"] = (messages, "messages")
        for name, (function, kind) in kinds.items():
            go.click(function, text, chatbot(kind, label=name), api_name=name)
        box = chatbot("messages" if takes_messages() else "tuples", label="Chat")
        go.click(both, text, [text, box], api_name="both")
        if hasattr(gr, "ChatInterface"):
            kind = app.accepted(gr.ChatInterface.__init__, type="messages")
            gr.ChatInterface(chat, **kind).render()
    return demo


if __name__ == "__main__":
    app.main(build)
