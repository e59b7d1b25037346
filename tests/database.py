"""One migrated template database, copied by every test process: migrations run once for each state of the code."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from django.conf import settings
from django.db import connection
from psycopg import sql
from pytest_django.plugin import DjangoDbBlocker

from tests.sample.management.commands.flush import remember

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ("apps", "config/settings", "tests/sample", "requirements/base.txt")
LOCK = 7_301_215
UNFINISHED = "Migrations are missing."


def addresses() -> dict[str, str]:
    """The environment in which another process works on the database of this test."""
    path = f"/{connection.settings_dict['NAME']}"
    said = {key: os.environ[key] for key in ("DATABASE_URL", "DATABASE_OWNER_URL") if os.environ.get(key)}
    return {key: urlsplit(url)._replace(path=path).geturl() for key, url in said.items()}


def fingerprint() -> str:
    """Of everything that decides what is in a freshly migrated database."""
    found = hashlib.sha256()
    for source in SOURCES:
        path = ROOT / source
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            found.update(str(file.relative_to(ROOT)).encode() + file.read_bytes())
    return found.hexdigest()


def _comment(admin: psycopg.Connection, name: str) -> str | None:
    query = "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s"
    row = admin.execute(query, [name]).fetchone()
    return row[0] if row else None


def _login() -> dict[str, Any]:
    said = connection.get_connection_params()
    return {key: value for key, value in said.items() if key in {"host", "port", "user", "password"}}


def _drop(admin: psycopg.Connection, name: str) -> None:
    admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


@contextmanager
def beside(suffix: str) -> Iterator[None]:
    """A copy of the template, named as this test's database and the suffix, for a process that makes its own rows."""
    name = connection.settings_dict["NAME"]
    copy, template = sql.Identifier(f"{name}{suffix}"), sql.Identifier(name.rpartition("_")[0])
    with psycopg.connect(**_login(), dbname=name, autocommit=True) as admin:
        _drop(admin, f"{name}{suffix}")
        admin.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(copy, template))
        admin.execute(sql.SQL("COMMENT ON DATABASE {} IS {}").format(copy, sql.Literal(fingerprint())))
        yield
        _drop(admin, f"{name}{suffix}")


@contextmanager
def inner_template() -> Iterator[None]:
    """For a suite that runs inside a test, on `addresses()`: it migrates only what it has more than we."""
    name = connection.settings_dict["NAME"]
    inner, template = sql.Identifier(f"test_{name}"), sql.Identifier(name.rpartition("_")[0])
    with psycopg.connect(**_login(), dbname=name, autocommit=True) as admin:
        _drop(admin, f"test_{name}")
        admin.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(inner, template))
        admin.execute(sql.SQL("COMMENT ON DATABASE {} IS {}").format(inner, sql.Literal(UNFINISHED)))
        yield
        _drop(admin, f"test_{name}")


def _use(name: str) -> None:
    connection.close()
    settings.DATABASES["default"]["NAME"] = connection.settings_dict["NAME"] = name


def _refresh_template(admin: psycopg.Connection, name: str, template: str) -> None:
    wanted, found = fingerprint(), _comment(admin, template)
    if found == wanted:
        return
    connection.settings_dict["TEST"]["NAME"] = template
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False, keepdb=found == UNFINISHED)
    connection.close()
    admin.execute(sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier(template), sql.Literal(wanted)))
    _use(name)


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None, django_db_blocker: DjangoDbBlocker, worker_id: str
) -> Iterator[None]:
    name = settings.DATABASES["default"]["NAME"]
    template, copy = f"test_{name}", f"test_{name}_{worker_id}"
    with django_db_blocker.unblock():
        with psycopg.connect(**_login(), dbname=name, autocommit=True) as admin:
            admin.execute("SELECT pg_advisory_lock(%s)", [LOCK])
            _refresh_template(admin, name, template)
            _drop(admin, copy)
            admin.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(copy), sql.Identifier(template))
            )
            admin.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
            # No test pulls the plug of the server.
            admin.execute(sql.SQL("ALTER DATABASE {} SET synchronous_commit = off").format(sql.Identifier(copy)))
        _use(copy)
        remember()
    yield
    with django_db_blocker.unblock():
        _use(name)
        with psycopg.connect(**_login(), dbname=name, autocommit=True) as admin:
            _drop(admin, copy)
