"""What no file of ours does."""

import ast
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

APPS = Path(settings.BASE_DIR) / "apps"


def calls() -> Iterator[tuple[Path, ast.Call]]:
    for path in APPS.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                yield path.relative_to(APPS), node


def test_only_the_relay_wakes_the_broker():
    """Work is asked for with `enqueue` or `publish`, in the transaction whose effect it follows."""
    found = [
        f"{path}:{call.lineno}"
        for path, call in calls()
        if isinstance(call.func, ast.Attribute)
        and call.func.attr in {"delay", "apply_async", "send_task"}
        and path.parts[0] != "events"
    ]

    assert found == []


def test_nobody_wires_business_by_signals():
    found = [
        f"{path}:{call.lineno}"
        for path, call in calls()
        if isinstance(call.func, ast.Name) and call.func.id == "receiver"
    ]

    assert found == []
