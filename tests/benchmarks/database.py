"""Two databases beside the given one: `…_bench`, migrated once for each state of the code, and a copy to fill."""

import os
import subprocess
import sys
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from tests.database import ROOT, fingerprint

FLOOR = {"DJANGO_SETTINGS_MODULE": "tests.benchmarks.floor.settings"}
GIVEN = {key: os.environ[key] for key in ("DATABASE_URL", "DATABASE_OWNER_URL") if os.environ.get(key)}


def _beside(suffix: str) -> dict[str, str]:
    return {key: urlsplit(url)._replace(path=f"{urlsplit(url).path}{suffix}").geturl() for key, url in GIVEN.items()}


def _owner(urls: dict[str, str]) -> str:
    return urls.get("DATABASE_OWNER_URL") or urls["DATABASE_URL"]


def _name(suffix: str) -> str:
    return urlsplit(_owner(_beside(suffix))).path.strip("/")


def _manage(*arguments: str, **environment: str) -> None:
    command = [sys.executable, "-m", "django", *arguments, "--verbosity", "0"]
    subprocess.run(command, cwd=ROOT, env=os.environ | _beside("_bench") | environment, check=True)


def _drop(admin: psycopg.Connection, name: str) -> None:
    admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def prepare() -> None:
    """Migrate the first, and let every process of this run work on the second."""
    name, wanted = _name("_bench"), fingerprint()
    with psycopg.connect(_owner(GIVEN), autocommit=True) as admin:
        found = admin.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", [name]
        ).fetchone()
        if found is None or found[0] != wanted:
            _drop(admin, name)
            admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
            _manage("migrate", DJANGO_SETTINGS_MODULE="config.settings.test")
            admin.execute(sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier(name), sql.Literal(wanted)))
    with psycopg.connect(_owner(_beside("_bench")), autocommit=True) as own:
        own.execute("DROP SCHEMA IF EXISTS floor CASCADE; CREATE SCHEMA floor")
    _manage("migrate", "--run-syncdb", **FLOOR)
    os.environ.update(_beside("_bench_run"))


def renew() -> None:
    """The second one again, with nothing in it but what migrations write."""
    remove()
    with psycopg.connect(_owner(GIVEN), autocommit=True) as admin:
        copy, template = sql.Identifier(_name("_bench_run")), sql.Identifier(_name("_bench"))
        admin.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(copy, template))


def remove() -> None:
    with psycopg.connect(_owner(GIVEN), autocommit=True) as admin:
        _drop(admin, _name("_bench_run"))
