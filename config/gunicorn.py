"""The web server: `gunicorn --config config/gunicorn.py config.wsgi:application`, threads behind a proxy."""

import os
from pathlib import Path

# Read by the settings below: only the web holds a pool of connections and bounds each statement.
os.environ["SERVES_WEB"] = "yes"
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.production")

from django.conf import settings
from prometheus_client import multiprocess

from config.settings.environment import env

RUN = Path(__file__).resolve().parents[1] / "var" / "run"
RUN.mkdir(parents=True, exist_ok=True)

bind = f"{env.str('HOST', '127.0.0.1')}:{settings.PORT}"
workers = env.int("WEB_WORKERS", 2)
threads = env.int("WEB_THREADS", 4)
worker_class = "gthread"
worker_tmp_dir = str(RUN)
control_socket_disable = True
timeout = 60
graceful_timeout = 30
keepalive = 5
forwarded_allow_ips = ""  # `kernel.middleware.client_address` decides whom to believe
logconfig_dict = settings.LOGGING


def child_exit(_server: object, worker: object) -> None:
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        multiprocess.mark_process_dead(worker.pid)  # type: ignore[attr-defined]
