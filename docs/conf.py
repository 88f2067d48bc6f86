"""How Sphinx builds the documentation: ``sphinx-build -W docs docs/_build``."""

import gradio_client_sync

project = "gradio_client_sync"
author = "The gradio_client_sync authors"
copyright = author
version = release = gradio_client_sync.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_copybutton"]
exclude_patterns = ["_build"]
default_role = "py:obj"  # `Job` in a docstring is a link where there is one, code where not
add_module_names = False

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_default_options = {"members": True, "show-inheritance": True}
autodoc_typehints_format = "short"
python_maximum_signature_line_length = 80
python_use_unqualified_type_names = True
napoleon_custom_sections = [("Behaviour", "notes_style")]
napoleon_use_ivar = True

# A copied example has neither prompts nor output.
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

html_theme = "furo"
html_title = "gradio_client_sync"
html_show_copyright = False
html_static_path = ["_static"]
html_css_files = ["look.css"]
html_favicon = "_static/favicon.svg"
pygments_style = "friendly"
pygments_dark_style = "github-dark"
