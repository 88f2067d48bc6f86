"""A sweep over a folder of apps: connect to each, describe it, and call everything.

``python -m tests.sweep FOLDER`` is for maintainers. It starts each app of a folder with a real
Gradio server, reads what this package prints about it, runs every printed call, and calls every
endpoint. It counts what failed, and says whose fault it was. Gradio's own demos are a good folder;
no test needs them.

`launcher` runs an app in the environment of a server, `process` starts it, `calls` calls its
endpoints, `blame` reads the server's log, `printed_types` compares values with types, `texts` looks
for long lines and for marks that people should not see, `typed_modules` checks generated modules,
and `report` counts.
"""
