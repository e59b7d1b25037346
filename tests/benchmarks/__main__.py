"""`make bench`: a database of its own on the given server, or on an embedded one, then the subjects.

python -m tests.benchmarks [--only http,permissions] [--workloads list,retrieve] [--rows 20000] [--rounds 3] …
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from config import given
from config.embedded import VAR, serving


@contextmanager
def server() -> Iterator[dict[str, str]]:
    if os.environ.get("DATABASE_URL") or os.environ.get("DATABASE_OWNER_URL"):
        yield given.checked()
        return
    with serving(VAR / "bench" / "postgres") as urls:
        yield urls


def main() -> None:
    with server() as urls:
        environment = os.environ | urls | {"DJANGO_SETTINGS_MODULE": "config.settings.test", "LOG_LEVEL": "WARNING"}
        command = [sys.executable, "-m", "tests.benchmarks.run", *sys.argv[1:]]
        try:
            code = subprocess.run(command, env=environment, check=False).returncode
        except KeyboardInterrupt:
            code = 130
    raise SystemExit(code)


if __name__ == "__main__":
    main()
