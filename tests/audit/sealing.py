"""Sealing in tests, until no entry waits."""

import os
import subprocess
import time
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from apps.audit.keys import keys
from apps.audit.models import AuditEvent, AuditLeaf
from apps.audit.seal import seal

SECONDS = 20


def seal_everything(*, limit: int = 100) -> int:
    """Until no entry waits; returns how long the log is."""
    until = time.monotonic() + SECONDS
    while AuditEvent.objects.exclude(pk__in=AuditLeaf.objects.values("event")).exists():
        assert time.monotonic() < until, "Some transaction has not ended for a minute."
        if not seal(keys(), now=timezone.now(), limit=limit):
            time.sleep(0.05)
    return AuditLeaf.objects.count()


def verified(*notes: str, vkeys: tuple[str, ...] = ()) -> tuple[int, str]:
    """The exit code of `manage.py audit verify` and its sentence, with checkpoints that somebody kept."""
    with TemporaryDirectory() as folder:
        typed = []
        for number, note in enumerate(notes):
            path = Path(folder) / f"kept-{number}"
            path.write_text(note)
            typed += ["--checkpoint", str(path)]
        for vkey in vkeys:
            typed += ["--vkey", vkey]
        try:
            call_command("audit", "verify", *typed, stdout=StringIO())
        except CommandError as refusal:
            return refusal.returncode, str(refusal)
    return 0, ""


def ran(program: str, *typed: str) -> bytes:
    """A program of PostgreSQL on the database of this test; what it wrote."""
    login = connection.get_connection_params()
    said = {"PGHOST": "host", "PGPORT": "port", "PGUSER": "user", "PGPASSWORD": "password", "PGDATABASE": "dbname"}
    environment = os.environ | {name: str(login[key]) for name, key in said.items() if login.get(key)}
    return subprocess.run([program, *typed], env=environment, capture_output=True, check=True).stdout
