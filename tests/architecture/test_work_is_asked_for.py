"""Nobody but `apps.events` speaks to the broker: work that matters is a row."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SENDING = {"delay", "apply_async", "send_task", "delay_on_commit", "apply_async_on_commit"}
DECLARING = {"shared_task", "Celery"}


def trespasses(source: str) -> list[int]:
    """Lines on which something is sent to the broker or made a Celery task."""
    lines = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and node.attr in SENDING:
            lines.append(node.lineno)
        if (
            isinstance(node, ast.ImportFrom)
            and node.module == "celery"
            and DECLARING & {name.name for name in node.names}
        ):
            lines.append(node.lineno)
    return lines


@pytest.mark.parametrize("source", ["task.delay(1)", "task.apply_async((1,))", "from celery import shared_task"])
def test_the_walk_sees_each_way(source):
    assert trespasses(source) == [1]


def test_no_app_sends_to_the_broker():
    found = {
        str(path.relative_to(ROOT)): lines
        for path in (ROOT / "apps").rglob("*.py")
        if path.relative_to(ROOT / "apps").parts[0] != "events" and (lines := trespasses(path.read_text()))
    }

    assert found == {}
