"""Test code that calls Gradio apps, without an app: fakes, recordings, and a pytest plugin."""

from __future__ import annotations

from .fake_app import FakeApp
from .ports import State

__all__ = ["FakeApp", "State"]
