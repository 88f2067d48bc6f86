"""The app of the examples; `server.Server` starts it."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[3] / "examples"))

import app  # sets up the environment and the standard output for Gradio
import studio

if __name__ == "__main__":
    app.main(lambda one_worker: studio.demo)
