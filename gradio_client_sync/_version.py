"""The version of the package, and the only place that says it."""

__version__ = "1.0.0"
