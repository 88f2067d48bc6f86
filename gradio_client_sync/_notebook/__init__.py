"""How things look in notebooks; each is loaded when one is shown.

Nothing here imports IPython. Objects have the methods that notebooks look for
(``_repr_mimebundle_``, ``_repr_html_``), and whoever does not look gets plain text.

All that an app sends is untrusted. Markup is made by `markup.element`, which escapes what it
is given, so no text of an app becomes a tag. Where markup is what an app sends (an HTML
component), it is shown in a frame that runs no script and loads nothing; pictures are
``<img>``, in which SVG is inert.
"""
