"""kombu's broker of files, with one fault mended: a message is seen when it is whole.

kombu 5.7 opens the file under its final name and then writes it. A worker that looks in between reads nothing, cannot
decode it and ends.
"""

from pathlib import Path
from time import monotonic
from typing import Any
from uuid import uuid4

from kombu.transport import filesystem
from kombu.utils.json import dumps


class Channel(filesystem.Channel):
    def _put(self, queue: str, payload: Any, **kwargs: Any) -> None:  # type: ignore[override]
        name = f"{monotonic() * 1000:.0f}_{uuid4()}.{queue}"
        part = Path(self.data_folder_out) / f"{name}.part"
        part.write_bytes(dumps(payload).encode())
        part.replace(part.with_name(f"{name}.msg"))


class Transport(filesystem.Transport):
    Channel = Channel
