"""The broker of a trial: what one process sends another one reads whole."""

import subprocess
import sys
from pathlib import Path
from queue import Empty

from django.conf import settings
from kombu import Connection

from config.celery import app

MESSAGES, SIZE = 1_000, 200_000
SEND = """
import sys
from kombu import Connection
from config.celery import app
folders = {"data_folder_in": sys.argv[1], "data_folder_out": sys.argv[1], "control_folder": sys.argv[1] + "/c"}
channel = Connection("filesystem://", transport_options=folders).channel()
for number in range(int(sys.argv[2])):
    channel._put("work", {"number": number, "text": "x" * int(sys.argv[3])})
"""


def test_no_message_is_seen_before_it_is_whole(tmp_path: Path):
    assert app.main == "steward"
    folders = {"data_folder_in": str(tmp_path), "data_folder_out": str(tmp_path), "control_folder": str(tmp_path / "c")}
    seen = set()
    with Connection("filesystem://", transport_options=folders) as connection:
        channel = connection.channel()
        sender = subprocess.Popen(
            [sys.executable, "-c", SEND, str(tmp_path), str(MESSAGES), str(SIZE)], cwd=settings.BASE_DIR
        )
        while len(seen) < MESSAGES:
            try:
                seen.add(channel._get("work")["number"])
            except Empty:
                assert sender.poll() in {None, 0}
        sender.wait()

    assert seen == set(range(MESSAGES))
