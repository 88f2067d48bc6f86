"""The visitor for whom a Gradio app calls a Space.

A ZeroGPU Space counts its computing time against its visitor. If a Gradio app calls the Space, the
time must be counted against the user of that app, whom a header of the app's request identifies.
The header is read when a call is made, and is sent only with that call.
"""

from __future__ import annotations

import sys

#: The header with the id of a visitor, which Hugging Face makes for one page view.
HEADER = "x-ip-token"


def visitor_headers() -> dict[str, str]:
    """Return the header that identifies the visitor; an empty dict outside of a Gradio app.

    Gradio stores the request that it processes in a context variable. If Gradio is not imported,
    this process is not a Gradio app.

    Behaviour:
        The official Python client reads the same header. Difference: it is sent only with this
        call, and only to Spaces.
    """
    context = sys.modules.get("gradio.context")
    local = getattr(context, "LocalContext", None)
    variable = getattr(local, "request", None)
    request = variable.get(None) if variable is not None else None
    headers = getattr(request, "headers", None)
    if headers is None:
        return {}
    visitor = headers.get(HEADER) if hasattr(headers, "get") else getattr(headers, HEADER, None)
    return {HEADER: visitor} if isinstance(visitor, str) and visitor else {}
