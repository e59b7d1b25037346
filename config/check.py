"""What `make check` runs, all of it even when one step fails."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from config.embedded import VAR, serving

PRODUCTION = {
    "DJANGO_SETTINGS_MODULE": "config.settings.production",
    "SECRET_KEY": "of-the-check-only-0123456789-ABCDEFGHIJKLMNOPQRSTUVWXYZ-abcdefghijklmnopqrstuvwxyz",
    "ALLOWED_HOSTS": "steward.example",
    "BASE_URL": "https://steward.example",
}
STEPS: tuple[tuple[str, list[str], dict[str, str]], ...] = (
    ("lint", ["ruff", "check", "."], {}),
    ("format", ["ruff", "format", "--check", "."], {}),
    ("types", ["mypy", "apps", "config"], {}),
    ("import contracts", ["lint-imports", "--no-cache"], {}),
    ("system checks", ["python", "manage.py", "check", "--fail-level", "WARNING"], {}),
    ("production settings", ["python", "manage.py", "check", "--deploy", "--fail-level", "WARNING"], PRODUCTION),
    ("migrations", ["python", "manage.py", "makemigrations", "--check", "--dry-run"], {}),
    ("generated documents", ["python", "manage.py", "docs", "--check"], {}),
)


@contextmanager
def _database() -> Iterator[dict[str, str]]:
    given = nullcontext(dict[str, str]()) if os.environ.get("DATABASE_URL") else serving(VAR / "check" / "postgres")
    with given as urls:
        yield urls


def _passes(name: str, command: list[str], environment: dict[str, str]) -> bool:
    started = time.monotonic()
    done = subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, check=False)
    print(f"{'ok  ' if done.returncode == 0 else 'FAIL'} {name} ({time.monotonic() - started:.1f} s)", flush=True)
    if done.returncode:
        print(done.stdout + done.stderr, flush=True)
    return done.returncode == 0


def main() -> None:
    os.environ["PATH"] = f"{os.path.dirname(sys.executable)}{os.pathsep}{os.environ.get('PATH', os.defpath)}"  # noqa: PTH120
    os.environ["MYPY_CACHE_DIR"] = str(VAR / "cache" / "mypy")
    os.environ["RUFF_CACHE_DIR"] = str(VAR / "cache" / "ruff")
    with _database() as urls:
        results = [_passes(name, command, urls | environment) for name, command, environment in STEPS]
    raise SystemExit(not all(results))


if __name__ == "__main__":
    main()
