"""Real Gradio servers, one environment per version, for the end-to-end tests.

`compile_locks` pins each version's dependencies, `environments` installs them outside the clone,
`app` is the one app that every version runs, `server` starts it, `plugin` shares it among tests.
"""
