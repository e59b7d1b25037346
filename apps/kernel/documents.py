"""What the code writes about itself under `docs/generated/`: name of the file → the function that gives its text."""

from collections.abc import Callable

documents: dict[str, Callable[[], str]] = {}
"""Filled when an app starts, as in `documents["events.md"] = catalogue`."""
