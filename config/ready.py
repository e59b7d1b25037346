"""A process of `make up`: says where everything is once `/readyz` answers, then does nothing until it is stopped."""

import os
import signal
import time
import urllib.error
import urllib.request

BASE = f"http://{os.environ.get('HOST', '127.0.0.1')}:{os.environ.get('PORT', '8000')}"
OK, PATIENCE = 200, 120
PAGES = (
    ("staff", "/admin/"),
    ("API", "/api/v1/docs/"),
    ("health", "/readyz"),
)


def _answer() -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"{BASE}/readyz", timeout=3) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError:
        return 0, "The web server does not answer."


def main() -> None:
    started = float(os.environ.get("STARTED_AT", time.time()))
    status, text = _answer()
    while status != OK and time.time() < started + PATIENCE:
        time.sleep(0.3)
        status, text = _answer()
    if status == OK:
        print(f"Steward is ready after {time.time() - started:.0f} s.", flush=True)
        for who, path in PAGES:
            print(f"  {who:14} {BASE}{path}", flush=True)
        print(f"  {os.environ.get('CREDENTIALS_SENTENCE', '')}\n  Ctrl-C stops everything.", flush=True)
    else:
        print(f"Steward is not ready yet: {text}", flush=True)
    signal.pause()


if __name__ == "__main__":
    main()
