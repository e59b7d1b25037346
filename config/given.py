"""A server of one's own, named by `DATABASE_URL` (docs/operations/database.md): looked at before anything runs."""

from pathlib import Path

import psycopg
from psycopg import sql

from config.settings.environment import refuse
from config.settings.parts.database import RUNTIME_ROLE, database_urls

VAR = Path(__file__).resolve().parents[1] / "var"
OLDEST = 15


def _connect(key: str, url: str) -> psycopg.Connection:
    try:
        return psycopg.connect(url, connect_timeout=5, autocommit=True)
    except (psycopg.OperationalError, psycopg.ProgrammingError) as error:
        reason = str(error).strip().splitlines()[0].rpartition("failed: ")[2]
        refuse(f"The server of {key} does not let us in ({reason}): start it, or correct {key}.")


def _make_role(owner: psycopg.Connection, role: str, password: str | None) -> None:
    if owner.execute("SELECT FROM pg_roles WHERE rolname = %s", [role]).fetchone() is not None:
        return
    login = sql.SQL("LOGIN PASSWORD {}").format(sql.Literal(password)) if password else sql.SQL("NOLOGIN")
    try:
        owner.execute(sql.SQL("CREATE ROLE {} {}").format(sql.Identifier(role), login))
        owner.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(sql.Identifier(role)))
    except psycopg.errors.InsufficientPrivilege:
        refuse(f"The role {role} is missing and this login may not create it: create it (docs/operations/database.md).")


def checked() -> dict[str, str]:
    """The given addresses, once both let us in and the run-time role exists."""
    said = database_urls(VAR)
    owner_key = "DATABASE_OWNER_URL" if "DATABASE_OWNER_URL" in said else "DATABASE_URL"
    with _connect(owner_key, said[owner_key]) as owner:
        major = owner.info.server_version // 10_000
        if major < OLDEST:
            refuse(f"The server of {owner_key} is PostgreSQL {major}: version {OLDEST} or newer is needed.")
        two = said.keys() == {"DATABASE_URL", "DATABASE_OWNER_URL"} and len(set(said.values())) > 1
        login = psycopg.conninfo.conninfo_to_dict(said["DATABASE_URL"]) if two else {}
        _make_role(owner, str(login.get("user", RUNTIME_ROLE)), str(login["password"]) if "password" in login else None)
    if two:
        _connect("DATABASE_URL", said["DATABASE_URL"]).close()
    return said
