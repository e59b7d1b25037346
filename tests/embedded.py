"""A pytest plugin (`-p tests.embedded`): without `DATABASE_URL` the suite runs on an embedded PostgreSQL of its own."""

import os
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from config.embedded import VAR, serving

_running = ExitStack()


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests() -> Iterator[None]:
    # Around every other plugin, because pytest-django reads the settings here. Workers inherit the address.
    if not os.environ.get("DATABASE_URL"):
        os.environ.update(_running.enter_context(serving(VAR / "test" / "postgres", durable=False)))
    return (yield)


def pytest_unconfigure() -> None:
    _running.close()
