"""A management command as a process of its own: how long it took, and how much memory at most."""

import os
import subprocess
import sys
import time
from dataclasses import dataclass

from tests.database import ROOT


@dataclass(frozen=True)
class Ran:
    seconds: float
    cpu: float
    """Seconds of this process, without PostgreSQL's."""
    peak: int
    """Bytes."""


def manage(*arguments: str) -> Ran:
    begin = time.monotonic()
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings.dev", "DEBUG": "false"}
    with subprocess.Popen(
        [sys.executable, "manage.py", *arguments], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL
    ) as process:
        _pid, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"`manage.py {arguments[0]}` failed: see its message above.")
    return Ran(time.monotonic() - begin, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024)
