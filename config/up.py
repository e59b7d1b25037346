"""`make up`: look first, prepare the database, then run web, worker and relay until ctrl-C."""

import hashlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import honcho.manager
import psycopg
from honcho.compat import ProcessManager

from config import given
from config.embedded import VAR, alone, announced, serving
from config.settings.environment import env, refuse

ROOT = VAR.parent
CREDENTIALS = VAR / "credentials.json"
PREPARED = VAR / "run" / "prepared"
RUNNING_PORT = VAR / "run" / "port"
ADMINISTRATOR = "admin@steward.example"
NEEDED_BYTES = 500_000_000
PROCESSES = {
    "web": "gunicorn --config config/gunicorn.py config.wsgi:application",
    "worker": "celery --quiet -A config.celery worker --concurrency 2 --loglevel INFO --without-mingle",
    "relay": "python manage.py relay",
    "steward": "python -m config.ready",
}


def look_first(host: str, port: int) -> None:
    """Refuse while nothing has been made yet."""
    if shutil.disk_usage(ROOT).free < NEEDED_BYTES:
        refuse(f"Less than 500 MB is free on the disk of {ROOT}: free some space and run `make up` again.")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            refuse(f"Port {port} of {host} cannot be used ({error.strerror}): free it, or set PORT to another.")


@contextmanager
def database() -> Iterator[dict[str, str]]:
    if os.environ.get("DATABASE_URL") or os.environ.get("DATABASE_OWNER_URL"):
        yield given.checked()
        return
    with serving(VAR / "postgres") as urls, announced(urls):
        yield urls


def environment(urls: dict[str, str], port: int) -> dict[str, str]:
    figures = VAR / "run" / "metrics"
    shutil.rmtree(figures, ignore_errors=True)
    figures.mkdir(parents=True)
    return {
        **os.environ,
        **urls,
        "DEBUG": "false",
        "DJANGO_SETTINGS_MODULE": os.environ.get("DJANGO_SETTINGS_MODULE", "config.settings.dev"),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "PORT": str(port),
        "PROMETHEUS_MULTIPROC_DIR": str(figures),
        "PYTHONUNBUFFERED": "1",
        "PYTHONWARNINGS": "ignore:You're running the worker",
        **({"FORCE_COLOR": "1"} if sys.stdout.isatty() else {}),
    }


def manage(variables: dict[str, str], *arguments: str) -> None:
    done = subprocess.run([sys.executable, "manage.py", *arguments], cwd=ROOT, env=variables, check=False)
    if done.returncode:
        refuse(f"`manage.py {arguments[0]}` failed: see its message above, then run `make up` again.")


def identity(urls: dict[str, str]) -> str:
    """Changes when the database is another one, or was dropped and made again."""
    url = urls.get("DATABASE_OWNER_URL") or urls["DATABASE_URL"]
    with psycopg.connect(url) as connection:
        oid = connection.execute("SELECT oid FROM pg_database WHERE datname = current_database()").fetchone()
        where = f"{connection.info.host} {connection.info.port} {connection.info.dbname} {oid}"
    return hashlib.sha256(where.encode()).hexdigest()


def make_administrator(variables: dict[str, str]) -> None:
    """The first administrator's generated password goes into a file that only its owner reads."""
    command = [sys.executable, "manage.py", "createadmin", ADMINISTRATOR, "--json"]
    done = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"No administrator was made: {done.stderr.strip().splitlines()[-1]}", flush=True)
        return
    CREDENTIALS.unlink(missing_ok=True)
    with os.fdopen(os.open(CREDENTIALS, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(done.stdout)


def prepare(variables: dict[str, str], urls: dict[str, str]) -> None:
    print("Migrating …", flush=True)
    manage(variables, "migrate", "--verbosity", "0")
    here = identity(urls)
    if PREPARED.exists() and PREPARED.read_text() == here:
        return
    make_administrator(variables)
    print("Loading demonstration data …", flush=True)
    manage(variables, "demo")
    PREPARED.write_text(here)


class OnlyTheParent(ProcessManager):
    """A worker whose children are told to end cannot wait for them any more, so each process stops its own."""

    def terminate(self, pid: int) -> None:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)


def supervise(variables: dict[str, str]) -> int:
    honcho.manager.KILL_WAIT = 20  # a worker at rest needs 7 seconds to leave
    manager = honcho.manager.Manager()
    manager._procmgr = OnlyTheParent()
    for name, command in PROCESSES.items():
        # `exec`, so that a signal reaches the process and not a shell in front of it.
        manager.add_process(name, f"exec {command}", env=variables, cwd=str(ROOT))
    manager.loop()
    return manager.returncode or 0


def main() -> None:
    started = time.time()
    host, port = env.str("HOST", "127.0.0.1"), env.int("PORT", 8000)
    look_first(host, port)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with alone(), database() as urls:
        variables = environment(urls, port) | {"STARTED_AT": str(started)}
        try:
            RUNNING_PORT.write_text(str(port))
            prepare(variables, urls)
            if CREDENTIALS.exists():
                variables["CREDENTIALS_SENTENCE"] = "The administrator's password is in var/credentials.json."
            code = supervise(variables)
        except KeyboardInterrupt:
            code = 130
        finally:
            # A second ctrl-C must not leave the database behind.
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            RUNNING_PORT.unlink(missing_ok=True)
    raise SystemExit(0 if code in {130, 143} else code)


if __name__ == "__main__":
    main()
