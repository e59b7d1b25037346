"""The virtual environment under `var/`, made once for each lock. Run by a bare Python: it imports nothing of ours."""

import hashlib
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / "var" / "venv"
STAMP = VENV / "installed"
NEEDED_BYTES = 1_500_000_000


def refuse(sentence):
    """Say in one sentence what is wrong and what to do."""
    sys.stderr.write(sentence + "\n")
    raise SystemExit(2)


def preflight():
    if sys.version_info < (3, 11):
        found = ".".join(map(str, sys.version_info[:3]))
        refuse(f"Steward needs Python 3.11 or newer and this is {found}: run make again with PYTHON=python3.11.")
    if not STAMP.exists() and shutil.disk_usage(ROOT).free < NEEDED_BYTES:
        refuse(f"Less than 1.5 GB is free on the disk of {ROOT}: free some space and run make again.")


def installed_locks():
    return set(STAMP.read_text().split()) if STAMP.exists() else set()


def make():
    try:
        venv.create(VENV, with_pip=True, symlinks=True, clear=True)
    except subprocess.CalledProcessError:
        shutil.rmtree(VENV)
        refuse("This Python has no ensurepip: install it (Debian: apt install python3-venv) and run make again.")


def install(lock):
    """Install exactly the locked versions, each checked against its hash; the stamp is written last."""
    print(f"Installing requirements/{lock.name} into var/venv …", flush=True)
    if not (VENV / "bin" / "pip").exists():
        make()
    pip = [str(VENV / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    done = subprocess.run([*pip, "--require-hashes", "--no-deps", "--no-compile", "-r", str(lock)], check=False)
    if done.returncode:
        refuse(f"pip could not install requirements/{lock.name}: see its message above, then run make again.")


def digest(lock):
    return f"{lock.name}:{hashlib.sha256(lock.read_bytes()).hexdigest()}"


def main(name):
    preflight()
    lock, base = ROOT / "requirements" / f"{name}.txt", ROOT / "requirements" / "base.txt"
    done = installed_locks()
    if digest(lock) in done:
        return
    os.umask(0o022)
    install(lock)
    # Each lock holds the smaller one's lines, so a developer's environment serves `make up` too.
    STAMP.write_text(f"{digest(lock)}\n{digest(base)}\n")


if __name__ == "__main__":
    main(sys.argv[1])
