"""Whose turn it is on shared hardware: the visitor of a Gradio app that calls a Space.

A ZeroGPU Space counts the time that it computes against its visitor. When the visitor is a Gradio
app itself, the time belongs to who uses that app now, and the app's request names them in a
header. It is read where a call is made, and goes with that call only.
"""

from __future__ import annotations

import sys

#: A visitor's mark, made by Hugging Face for one page view.
HEADER = "x-ip-token"


def visitor_headers() -> dict[str, str]:
    """What a call made here and now has to say about its visitor.

    Gradio keeps the request that it answers in a context variable. If Gradio is not loaded, this
    is not one of its apps.

    Behaviour: the header as the official Python client takes it. Ours: for this call only, and
    only to Spaces.
    """
    context = sys.modules.get("gradio.context")
    local = getattr(context, "LocalContext", None)
    variable = getattr(local, "request", None)
    request = variable.get(None) if variable is not None else None
    headers = getattr(request, "headers", None)
    if headers is None:
        return {}
    mark = headers.get(HEADER) if hasattr(headers, "get") else getattr(headers, HEADER, None)
    return {HEADER: mark} if isinstance(mark, str) and mark else {}
