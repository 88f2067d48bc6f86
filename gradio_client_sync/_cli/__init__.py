"""The commands of ``gradio-client-sync``, built on click; `cli.main` is the entry point."""
