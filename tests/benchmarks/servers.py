"""Both sides under the same gunicorn settings, each as a process tree whose CPU time can be read."""

import http.client
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import orjson

from tests.benchmarks.database import FLOOR
from tests.benchmarks.machine import cpu_seconds, family
from tests.database import ROOT

FOLDER = ROOT / "var" / "bench"
WORKERS = 2


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Server:
    """A running gunicorn. `log` holds its request log."""

    target: str
    port: int
    path: str
    process: subprocess.Popen[bytes]
    log: Path

    def cpu_seconds(self) -> float:
        return cpu_seconds(family(self.process.pid))

    def workers(self) -> list[int]:
        return family(self.process.pid)[1:]

    def statements_since(self, place: int) -> tuple[int, int]:
        """Requests and statements in the request log behind this byte."""
        with self.log.open("rb") as log:
            log.seek(place)
            lines = [orjson.loads(line) for line in log if line.startswith(b"{") and b'"event": "request"' in line]
        return len(lines), sum(line["queries"] for line in lines)

    def wait(self) -> None:
        for _attempt in range(300):
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
                connection.request("GET", self.path)
                connection.getresponse().read()
            except OSError:
                time.sleep(0.1)
                continue
            if len(self.workers()) == WORKERS:
                return
        raise SystemExit(f"The server did not start: see {self.log}.")


@contextmanager
def serving(target: str) -> Iterator[Server]:
    port, figures = _free_port(), FOLDER / "metrics" / target
    shutil.rmtree(figures, ignore_errors=True)
    figures.mkdir(parents=True)
    ours = {
        "DJANGO_SETTINGS_MODULE": "config.settings.dev",
        "LOG_FORMAT": "json",
        "LOG_LEVEL": "INFO",
        "PROMETHEUS_MULTIPROC_DIR": str(figures),
    }
    environment = os.environ | (ours if target == "ours" else FLOOR)
    environment |= {"PORT": str(port), "DEBUG": "false", "WEB_WORKERS": str(WORKERS)}
    application = "config.wsgi" if target == "ours" else "tests.benchmarks.floor.wsgi"
    log = FOLDER / f"{target}.log"
    with log.open("wb") as output:
        command = [sys.executable, "-m", "gunicorn", "--config", "config/gunicorn.py", f"{application}:application"]
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)
        path = "/api/v1/customers/" if target == "ours" else "/customers/"
        server = Server(target, port, path, process, log)
        try:
            server.wait()
            yield server
        finally:
            process.terminate()
            process.wait(timeout=60)
