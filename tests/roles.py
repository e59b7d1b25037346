"""Test bodies run as the run-time role, so that a missing or a too wide grant shows.

Fixtures, creation and flush of the database stay with the owner. Connections that a body opens in threads or by a live
server get the same role.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connections
from django.db.backends.signals import connection_created
from psycopg import sql
from psycopg.pq import TransactionStatus

_in_body = False


def _set_role(connection: Any, role: str) -> None:
    """On the driver's connection itself: the test's own query counts and access marks stay as they are."""
    driver = connection.connection
    if driver is not None and not driver.closed and driver.info.transaction_status != TransactionStatus.INERROR:
        driver.execute(sql.SQL("SET ROLE {}").format(sql.SQL("NONE") if role == "none" else sql.Identifier(role)))


def _take_role(*, connection: Any, **_signal: Any) -> None:
    if _in_body:
        _set_role(connection, connection.settings_dict["RUNTIME_ROLE"])


connection_created.connect(_take_role, dispatch_uid="tests.roles")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    global _in_body  # noqa: PLW0603
    _in_body = True
    for connection in connections.all(initialized_only=True):
        _set_role(connection, connection.settings_dict["RUNTIME_ROLE"])
    try:
        return (yield)
    finally:
        _in_body = False
        for connection in connections.all(initialized_only=True):
            _set_role(connection, "none")
