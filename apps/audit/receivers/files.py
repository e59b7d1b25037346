"""One file that only grows: signed notes with a blank line between them, or one entry to a line."""

import os
import re

from apps.audit.receivers.configuration import CHECKPOINTS, ENTRIES, File
from apps.audit.receivers.refusals import NotTaken
from apps.audit.receivers.waiting import Batch

ENDS = {CHECKPOINTS: re.compile("^— [^\n]+\n\n".encode(), re.MULTILINE), ENTRIES: re.compile(b"\n")}
"""How a whole record ends: a note with a signature and the blank line."""
TAILS = (1 << 12, 1 << 24)


def send(target: File, batch: Batch) -> None:
    """The whole batch is in the file and on the disk, or nothing of it is."""
    record = b"".join(item.text + b"\n" for item in batch.items)
    try:
        file = os.open(target.path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)
        try:
            _append(file, record, ENDS[batch.what])
        finally:
            os.close(file)
        folder = os.open(target.path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise NotTaken(f"The file cannot be written ({os.strerror(error.errno or 0)}).") from error


def _append(file: int, record: bytes, ends: re.Pattern[bytes]) -> None:
    whole = _whole(file, ends)
    os.ftruncate(file, whole)
    if os.write(file, record) < len(record):
        os.ftruncate(file, whole)
        raise NotTaken("The disk is full.")
    os.fsync(file)


def _whole(file: int, ends: re.Pattern[bytes]) -> int:
    """How long the file is without a record that a crash has torn."""
    size = os.fstat(file).st_size
    for length in TAILS:
        start = max(0, size - length)
        tail = os.pread(file, length, start)
        last = max((found.end() for found in ends.finditer(tail)), default=0)
        if last or not size:
            return start + last
    raise NotTaken("The file holds something else: name another one.")
