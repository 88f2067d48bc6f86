"""The display of objects in notebooks; each part is imported when it is first shown.

Nothing here imports IPython. Objects have the methods that notebooks call (``_repr_mimebundle_``,
``_repr_html_``). Programs that do not call them get plain text.

Everything that an app sends is untrusted. Markup is made by `markup.element`, which escapes its
values, so no text of an app becomes a tag. Markup that an app sends (an HTML component) is read and
written again without everything that runs or loads something (`page`). Images are ``<img>``
elements, in which SVG runs no script.
"""
