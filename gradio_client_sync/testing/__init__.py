"""Test code that calls Gradio apps, without an app: fakes, recordings, and a pytest plugin."""

from __future__ import annotations

from .blocks import record, replay
from .fake_app import FakeApp
from .ports import State
from .replay_error import ReplayError

__all__ = ["FakeApp", "ReplayError", "State", "record", "replay"]
