"""PostgreSQL: the owner's login migrates and tests, the run-time role does the rest (docs/operations/database.md)."""

import os
import sys
from pathlib import Path
from typing import Any

import environ

OWNER_COMMANDS = {"migrate", "makemigrations", "sqlmigrate", "showmigrations", "test"}
"""Commands that act as the owner of the tables; every other process gets the run-time role."""
RUNTIME_ROLE = "steward_app"
"""The role that `SET ROLE` takes when one login serves for both."""


def database_urls(var: Path) -> dict[str, str]:
    """`DATABASE_URL` and `DATABASE_OWNER_URL` from the environment, or those of the embedded server that runs now."""
    said = {key: os.environ[key] for key in ("DATABASE_URL", "DATABASE_OWNER_URL") if os.environ.get(key)}
    running = var / "run" / "database"
    if not said and running.exists():
        said = dict(line.split("=", 1) for line in running.read_text().splitlines() if line)
    if not said:
        sys.stderr.write("No database: set DATABASE_URL, or start the embedded one with `make db` or `make up`.\n")
        raise SystemExit(2)
    return said


def database_settings(var: Path) -> dict[str, Any]:
    said = database_urls(var)
    url = said.get("DATABASE_URL") or said["DATABASE_OWNER_URL"]
    owner_url = said.get("DATABASE_OWNER_URL") or url
    as_owner = os.environ.get("DATABASE_ROLE") == "owner" or (len(sys.argv) > 1 and sys.argv[1] in OWNER_COMMANDS)
    settings = environ.Env.db_url_config(owner_url if as_owner else url)
    settings["ENGINE"] = "django.db.backends.postgresql"
    settings["CONN_MAX_AGE"] = 0
    settings["CONN_HEALTH_CHECKS"] = True
    one_login = owner_url == url
    settings["RUNTIME_ROLE"] = RUNTIME_ROLE if one_login else environ.Env.db_url_config(url)["USER"]
    options = settings.setdefault("OPTIONS", {})
    if one_login and not as_owner:
        options["options"] = f"-c role={RUNTIME_ROLE}"
    return settings
