"""A page that shows a chat's reply while it grows, with Streamlit.

GRADIO_URL=http://127.0.0.1:7860 streamlit run streamlit_chat.py
"""

import os

import streamlit as st

from gradio_client_sync import Client


@st.cache_resource
def connect(url):
    """Return the client of all visitors."""
    return Client(url)


gradio = connect(os.environ["GRADIO_URL"])
text = st.text_input("Text", "Hello")
if st.button("Ask"):
    place, reply = st.empty(), ""
    with gradio.submit("/chat", [text], isolated=True) as job:
        for piece in job.text(idle=2):
            reply = piece if piece.restarts else reply + piece
            place.markdown(reply)
