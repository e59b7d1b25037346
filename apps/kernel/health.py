"""Whether this installation can serve: each part says so itself, within a bounded time."""

import os
import shutil
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooLate
from functools import cache as remembered
from pathlib import Path
from time import monotonic

import structlog
from django.core.cache import cache
from django.core.files.storage import FileSystemStorage, storages
from django.db import connection, connections
from django.db.migrations.executor import MigrationExecutor

Check = Callable[[], str | None]

SECONDS = 2.0
"""All checks together may take this long; one that has not answered by then has failed."""
FREE_BYTES = 100_000_000

logger = structlog.get_logger(__name__)
_checks: dict[str, Check] = {}
_threads = ThreadPoolExecutor(max_workers=8, thread_name_prefix="health")


class NotReady(Exception):
    """Raised by a check. Its sentence is shown to operators."""


def ready(name: str) -> Callable[[Check], Check]:
    """Register a check of `/readyz`: it raises when something is wrong, and may return a sentence when all is well."""

    def register(check: Check) -> Check:
        _checks[name] = check
        return check

    return register


def _run(check: Check) -> str:
    try:
        return check() or "ok"
    finally:
        connections.close_all()


def _outcome(name: str, answer: "Future[str]", until: float) -> tuple[bool, str]:
    try:
        return True, answer.result(timeout=max(0.0, until - monotonic()))
    except NotReady as error:
        return False, str(error)
    except TooLate:
        return False, f"No answer within {SECONDS:g} s."
    except Exception as error:
        logger.warning("check_failed", check=name, exc_info=error)
        return False, type(error).__name__


def report() -> tuple[bool, dict[str, dict[str, object]]]:
    """Is everything ready, and what does each check say?"""
    until = monotonic() + SECONDS
    answers = {name: _threads.submit(_run, check) for name, check in _checks.items()}
    said = {name: _outcome(name, answer, until) for name, answer in answers.items()}
    return all(ok for ok, _ in said.values()), {name: {"ok": ok, "detail": text} for name, (ok, text) in said.items()}


@ready("database")
def _database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


@remembered
def _nothing_to_migrate() -> bool:
    executor = MigrationExecutor(connection)
    waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if waiting:
        raise NotReady(f"{len(waiting)} migrations wait: run `manage.py migrate`.")
    return True


@ready("migrations")
def _migrations() -> None:
    _nothing_to_migrate()


@ready("cache")
def _cache() -> None:
    cache.set("readyz", "here", 10)
    if cache.get("readyz") != "here":
        raise NotReady("The cache forgets what it is given.")


@ready("storage")
def _storage() -> None:
    storage = storages["default"]
    if isinstance(storage, FileSystemStorage):
        folder = Path(storage.location)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not os.access(folder, os.W_OK):
            raise NotReady("The folder of stored files cannot be written.")
        if shutil.disk_usage(folder).free < FREE_BYTES:
            raise NotReady("Less than 100 MB is free for stored files.")
    else:
        storage.exists("readyz")
