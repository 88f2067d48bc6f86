"""A component of an app's own that holds a file, and says that it is not for the API.

`hidden` copies it into the server's folder: Gradio writes a file beside each module of components.
"""

import gradio as gr


class Attachment(gr.DownloadButton):
    """A button with a file."""

    skip_api = True

    def get_block_name(self) -> str:
        """Look like a download button in a page."""
        return "downloadbutton"
