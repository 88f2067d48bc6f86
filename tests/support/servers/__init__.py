"""Real Gradio servers for the tests, with one environment for each version.

`compile_locks` pins each version's dependencies. `environments` installs them outside the clone.
`app` is the app that every version runs, `server` starts it, and `plugin` shares it among tests.
"""
