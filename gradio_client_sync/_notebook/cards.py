"""The display of clients, results and files: one bundle by MIME type for each."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Callable

from ..errors import GradioClientError
from .markup import DIM, LINE, LONGEST_TEXT, WRAP, Html, element, join, note, text
from .players import Allowance, file_html
from .plots import drawings, mime_bundle, parsed
from .structures import pieces_html
from .values import Renderer

if TYPE_CHECKING:
    from ..events import Data
    from .shown import ShownClient, ShownFile


#: The properties of the outputs that are plots, by the index of the output.
Plots = Mapping[int, Mapping[str, Any]]
_NO_PLOTS: Plots = {}


def bundle(plain: str, html: Callable[[], Html], **others: Any) -> dict[str, Any]:
    """Return the display of an object by MIME type; no HTML if IPython runs in a terminal.

    Args:
        plain: The object as plain text.
        html: Returns the markup. It may download files, so it is called only if it is needed.
        others: Further MIME types, which only some notebooks support.
    """
    if not shows_html():
        return {"text/plain": plain}
    if len(plain) > LONGEST_TEXT:  # it is sent too, for programs without HTML
        plain = f"{plain[:LONGEST_TEXT]}…"
    return {"text/plain": plain, "text/html": html(), **others}


def shows_html() -> bool:
    """Return whether the caller can show more than text; IPython in a terminal cannot."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    formatter = getattr(shell, "display_formatter", None)
    return formatter is None or "text/html" in formatter.active_types


def data_bundle(data: Data, plots: Plots = _NO_PLOTS) -> dict[str, Any]:
    """Return the display of a result: its outputs, and a single plot also in its own type.

    Args:
        data: The result.
        plots: How the app draws the outputs that are plots; see `Endpoint.plots`.
    """
    plot = parsed(data[0]) if len(data) == 1 else None
    own = mime_bundle(*plot) if plot is not None else {}
    made = bundle(repr(data), lambda: data_html(data, plots), **own)
    if plot is not None and plot[0] == "altair" and own and "text/html" in made:
        # JupyterLab prefers HTML to Vega, and Vega to SVG.
        del made["text/html"]
        drawn = drawings(*plot)
        if len(drawn) == 1:
            made["image/svg+xml"] = drawn[0].picture
    return made


def data_html(data: Data, plots: Plots = _NO_PLOTS) -> Html:
    """Return the outputs of a result as HTML; several outputs have their labels above them.

    Args:
        data: The result.
        plots: How the app draws the outputs that are plots.
    """
    renderer, outputs = Renderer(), data._outputs
    if len(outputs) != len(data):
        outputs = (("", ""),) * len(data)
    if not data.data:
        return note("No outputs.")
    if len(data) == 1:
        return element(
            "div", renderer.html(data[0], outputs[0][0], _props(data, 0, plots)), style=WRAP
        )
    parts = []
    for number, (value, (component, label)) in enumerate(zip(data, outputs)):
        name = element("b", text(label or f"[{number}]", 80))
        head = element("div", name, text(" "), note(component), style=f"{LINE};padding-top:.2em")
        parts.append(join([head, renderer.html(value, component, _props(data, number, plots))]))
    return element("div", pieces_html(parts), style=WRAP)


def _props(data: Data, index: int, plots: Plots) -> Mapping[str, Any]:
    """Return how a plot is drawn: as the app says at first, with the changes of this call."""
    return {**plots.get(index, {}), **data.updates.get(index, {})}


def file_bundle(file: ShownFile) -> dict[str, Any]:
    """Return the display of a file of an app."""
    return bundle(repr(file), lambda: file_html(file, Allowance()))


def client_bundle(client: ShownClient) -> dict[str, Any]:
    """Return the display of a client: its URL, and the endpoints."""
    return bundle(repr(client), lambda: _client_html(client))


def _client_html(client: ShownClient) -> Html:
    config = client.config
    facts = f"Gradio {str(config.get('version', '?')).strip()} · {client.protocol}"
    head = element(
        "div",
        element("b", text(client._title or "Gradio app", 120)),
        element("span", text(f" {client.url} · {facts}"), style=DIM),
        style=WRAP,
    )
    try:
        api = Html(client.view_api()._repr_html_())  # this method escapes its values
    except GradioClientError as exc:  # the client is closed, or the app does not respond
        return join([head, note(exc)])
    summary = element("summary", text("Endpoints"), style="cursor:pointer")
    return join([head, element("details", summary, api)])
