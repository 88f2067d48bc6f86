"""``python -m gradio_client_sync`` is the command ``gradio-client-sync``."""

from __future__ import annotations

import sys

from .cli import main

if __name__ == "__main__":
    sys.exit(main())
