"""A custom component that holds a file, and that is marked as not being for the API.

`hidden` copies it into the server's folder: Gradio writes a file beside each module of components.
"""

import gradio as gr


class Attachment(gr.DownloadButton):
    """A button with a file."""

    skip_api = True

    def get_block_name(self) -> str:
        """Return the name that makes it look like a download button on a page."""
        return "downloadbutton"
