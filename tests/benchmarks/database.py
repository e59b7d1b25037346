"""The benchmark's own database: made beside the given one, migrated once for each state of the code."""

import os
import subprocess
import sys
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from tests.database import ROOT, fingerprint

FLOOR = {"DJANGO_SETTINGS_MODULE": "tests.benchmarks.floor.settings"}


def addresses() -> dict[str, str]:
    """`DATABASE_URL` and `DATABASE_OWNER_URL` with the name of the benchmark's database."""
    said = {key: os.environ[key] for key in ("DATABASE_URL", "DATABASE_OWNER_URL") if os.environ.get(key)}
    return {key: urlsplit(url)._replace(path=f"{urlsplit(url).path}_bench").geturl() for key, url in said.items()}


def _manage(*arguments: str, **environment: str) -> None:
    subprocess.run(
        [sys.executable, "-m", "django", *arguments], cwd=ROOT, env=os.environ | addresses() | environment, check=True
    )


def prepare() -> None:
    """Leave `DATABASE_URL` pointing at a migrated database without rows."""
    beside = addresses()
    url = beside.get("DATABASE_OWNER_URL") or beside["DATABASE_URL"]
    name, wanted = urlsplit(url).path.strip("/"), fingerprint()
    with psycopg.connect(os.environ.get("DATABASE_OWNER_URL") or os.environ["DATABASE_URL"], autocommit=True) as admin:
        found = admin.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", [name]
        ).fetchone()
        if found is None or found[0] != wanted:
            admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
            admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
            _manage("migrate", "--verbosity", "0", DJANGO_SETTINGS_MODULE="config.settings.test")
            admin.execute(sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier(name), sql.Literal(wanted)))
    with psycopg.connect(url, autocommit=True) as own:
        own.execute("DROP SCHEMA IF EXISTS floor CASCADE; CREATE SCHEMA floor")
    _manage("migrate", "--run-syncdb", "--verbosity", "0", **FLOOR)
    os.environ.update(beside)
