"""`make up` for real: one command starts everything, ctrl-C stops all of it, and what is in the way is one sentence."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).resolve().parents[2]
KEPT = {"PATH", "HOME", "LANG"}


def _free_port() -> int:
    """Below the range from which the system takes ports for outgoing connections."""
    for port in range(21_000, 21_400):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port
    raise AssertionError("no free port")


@pytest.fixture
def clone() -> Iterator[Path]:
    """A checkout with its own `var/`, not below pytest's folder: the database's system user may not enter that."""
    folder = ROOT / "var" / "test" / f"up-{os.getpid()}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in ("apps", "templates"):
        (folder / name).symlink_to(ROOT / name)
    # Modules find `var/` by their real path, so these are copies.
    shutil.copytree(ROOT / "config", folder / "config")
    shutil.copy(ROOT / "manage.py", folder / "manage.py")
    yield folder
    shutil.rmtree(folder)


def _up(clone: Path, port: int, **environment: str) -> "subprocess.Popen[str]":
    kept = {key: value for key, value in os.environ.items() if key in KEPT}
    with (clone / "log").open("w") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "config.up"],
            cwd=clone,
            env=kept | {"PORT": str(port)} | environment,
            stdout=log,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )


def _answer(port: int, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError:
        return 0, ""


def _of_this(clone: Path) -> list[str]:
    """Command lines of processes that belong to this checkout."""
    found = []
    for process in psutil.process_iter(["cmdline", "cwd"]):
        command = process.info["cmdline"] or []
        if process.info["cwd"] == str(clone) or any(str(clone) in part for part in command):
            found.append(" ".join(command))
    return found


@pytest.fixture
def running(clone: Path) -> Iterator[tuple[Path, int, "subprocess.Popen[str]"]]:
    port = _free_port()
    process = _up(clone, port)
    deadline = time.monotonic() + 240
    while _answer(port, "/readyz")[0] != 200 and time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.5)
    yield clone, port, process
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        process.wait(40)


@pytest.mark.faults
@pytest.mark.xdist_group("faults")
@pytest.mark.timeout(400)
def test_everything_runs_and_ctrl_c_leaves_nothing_behind(running: tuple[Path, int, "subprocess.Popen[str]"]) -> None:
    clone, port, process = running
    log = (clone / "log").read_text

    status, text = _answer(port, "/readyz")
    assert status == 200, log()
    assert {name for name, check in json.loads(text)["checks"].items() if not check["ok"]} == set()
    assert _answer(port, "/livez") == (200, '{"status": "alive"}')
    assert _answer(port, "/admin/login/")[0] == 200
    assert _answer(port, "/static/admin/css/base.css")[0] == 200
    assert (clone / "var" / "run" / "database").read_text().count("\n") == 2
    credentials = clone / "var" / "credentials.json"
    assert credentials.stat().st_mode & 0o777 == 0o600
    made = json.loads(credentials.read_text())
    assert made["password"] not in log()

    process.send_signal(signal.SIGINT)
    assert process.wait(40) == 0, log()

    assert _of_this(clone) == []
    assert not (clone / "var" / "run" / "database").exists()
    assert not (clone / "var" / "postgres" / "postmaster.pid").exists()


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        (
            {"DATABASE_URL": "postgres://somebody:hidden-8845@127.0.0.1:1/steward"},
            "The server of DATABASE_URL does not let us in (Connection refused): start it, or correct DATABASE_URL.",
        ),
        (
            {"DATABASE_URL": "mysql://127.0.0.1/steward"},
            "DATABASE_URL is no PostgreSQL address: it looks like postgres://user:password@host:5432/database.",
        ),
        ({"PORT": "eighty"}, "The value of PORT cannot be used: see docs/operations/settings.md for its form."),
    ],
)
def test_a_wrong_environment_is_one_sentence_and_nothing_is_made(
    clone: Path, variables: dict[str, str], sentence: str
) -> None:
    process = _up(clone, _free_port(), **variables)

    assert process.wait(30) == 2
    assert (clone / "log").read_text() == f"{sentence}\n"
    assert not (clone / "var" / "postgres").exists()
    assert not (clone / "var" / "credentials.json").exists()


def test_a_port_in_use_is_one_sentence_and_nothing_is_made(clone: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        process = _up(clone, port)

        assert process.wait(30) == 2
    said = (clone / "log").read_text()
    assert (
        said == f"Port {port} of 127.0.0.1 cannot be used (Address already in use): free it, or set PORT to another.\n"
    )
    assert not (clone / "var").exists()
