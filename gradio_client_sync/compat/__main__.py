"""``python -m gradio_client_sync.compat`` changes the imports of scripts."""

from __future__ import annotations

import sys

from .migrate import main

if __name__ == "__main__":
    sys.exit(main())
