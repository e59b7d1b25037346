"""PostgreSQL: the owner's login migrates and tests, the run-time role does the rest (docs/operations/database.md)."""

import os
import sys
from pathlib import Path
from typing import Any

from config.settings.environment import env, refuse

OWNER_COMMANDS = {"migrate", "makemigrations", "sqlmigrate", "showmigrations", "test"}
"""Commands that act as the owner of the tables; every other process gets the run-time role."""
RUNTIME_ROLE = "steward_app"
"""The role that `SET ROLE` takes when one login serves for both."""
SCHEMES = ("postgres://", "postgresql://")


def database_urls(var: Path) -> dict[str, str]:
    """`DATABASE_URL` and `DATABASE_OWNER_URL` from the environment, or those of the embedded server that runs now."""
    said = {key: os.environ[key] for key in ("DATABASE_URL", "DATABASE_OWNER_URL") if os.environ.get(key)}
    running = var / "run" / "database"
    if not said and running.exists():
        said = dict(line.split("=", 1) for line in running.read_text().splitlines() if line)
    if not said:
        refuse("No database: set DATABASE_URL, or start the embedded one with `make db` or `make up`.")
    for key, url in said.items():
        if not url.startswith(SCHEMES):
            refuse(f"{key} is no PostgreSQL address: it looks like postgres://user:password@host:5432/database.")
    return said


def _parsed(key: str, url: str) -> dict[str, Any]:
    try:
        return env.db_url_config(url)
    except ValueError:
        refuse(f"{key} cannot be read: it looks like postgres://user:password@host:5432/database.")


def _two_logins() -> bool:
    """Said by a process that is not to know the owner's address, or it would take its own for the only one."""
    logins = os.environ.get("DATABASE_LOGINS", "")
    if logins not in {"", "one", "two"}:
        refuse("DATABASE_LOGINS is neither one nor two: choose one of them.")
    return logins == "two"


def _session_options(*, takes_role: bool, serves_web: bool) -> str:
    # Compiling a plan takes longer than almost every query, and one over tables that were never analysed looks dear.
    options = {"lock_timeout": "10s", "idle_in_transaction_session_timeout": "60s", "jit": "off"}
    if serves_web:
        options["statement_timeout"] = env.str("DATABASE_STATEMENT_TIMEOUT", "30s")
    if takes_role:
        options["role"] = RUNTIME_ROLE
    return " ".join(f"-c {key}={value}" for key, value in options.items())


def database_settings(var: Path) -> dict[str, Any]:
    said = database_urls(var)
    url = said.get("DATABASE_URL") or said["DATABASE_OWNER_URL"]
    owner_url = said.get("DATABASE_OWNER_URL") or url
    as_owner = os.environ.get("DATABASE_ROLE") == "owner" or (len(sys.argv) > 1 and sys.argv[1] in OWNER_COMMANDS)
    serves_web = os.environ.get("SERVES_WEB") == "yes"
    one_login = owner_url == url and not _two_logins()
    if as_owner and _two_logins() and "DATABASE_OWNER_URL" not in said:
        refuse("This command acts as the owner of the tables: set DATABASE_OWNER_URL for it.")
    settings = _parsed("DATABASE_OWNER_URL", owner_url) if as_owner else _parsed("DATABASE_URL", url)
    settings["ENGINE"] = "django.db.backends.postgresql"
    settings["CONN_HEALTH_CHECKS"] = True
    settings["RUNTIME_ROLE"] = RUNTIME_ROLE if one_login else _parsed("DATABASE_URL", url)["USER"]
    options = settings.setdefault("OPTIONS", {})
    options.setdefault("connect_timeout", 4)
    if not as_owner:
        options["options"] = _session_options(takes_role=one_login, serves_web=serves_web)
    if serves_web:
        options["prepare_threshold"] = 2  # for what `kernel.planning` marks; the ORM's own cursors never prepare
        # A pool excludes persistent connections, and a timed-out wait for it is a 503 (kernel/problems.py).
        options["pool"] = {"min_size": 1, "max_size": env.int("DATABASE_POOL_SIZE", 4), "timeout": 1.8}
    settings["CONN_MAX_AGE"] = 0 if serves_web or as_owner else 600
    return settings
