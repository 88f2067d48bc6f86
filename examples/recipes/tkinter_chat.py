"""A window that shows a chat's reply while it grows: python tkinter_chat.py URL."""

import queue
import sys
import tkinter

from gradio_client_sync import Client


class Window(tkinter.Tk):
    """A field for a text, a button, and the reply."""

    def __init__(self, app):
        """Build the window."""
        super().__init__()
        self.app, self.job, self.values = app, None, queue.SimpleQueue()
        self.field = tkinter.Entry(self)
        self.button = tkinter.Button(self, text="Ask", command=self.ask)
        self.reply = tkinter.Label(self)
        for widget in (self.field, self.button, self.reply):
            widget.pack()
        self.show()

    def ask(self):
        """Ask, and forget an earlier question."""
        self.stop()
        self.values = values = queue.SimpleQueue()
        self.job = self.app.submit("/chat", [self.field.get()])
        self.job.on("data", lambda data: values.put(data[0]))  # on a thread of the job

    def show(self):
        """Show the values that have arrived, now and every 50 ms."""
        while not self.values.empty():
            self.reply["text"] = self.values.get()
        self.after(50, self.show)

    def stop(self):
        """Cancel the job, if there is one."""
        if self.job is not None:
            self.job.cancel()

    def destroy(self):
        """Cancel the job, and close the window."""
        self.stop()
        super().destroy()


if __name__ == "__main__":
    with Client(sys.argv[1]) as client:
        Window(client).mainloop()
