"""The app of `changing.py` after its developer has changed it; `server.Server` starts it."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import changing

if __name__ == "__main__":
    changing.app.main(lambda one_worker: changing.build(changed=True))
