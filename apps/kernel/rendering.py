"""Answers as JSON."""

from collections.abc import Mapping
from typing import Any, ClassVar

import orjson
from rest_framework.renderers import BaseRenderer


class JSONRenderer(BaseRenderer):
    media_type: ClassVar[str] = "application/json"
    format: ClassVar[str] = "json"
    charset: ClassVar[str | None] = None

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Mapping[str, Any] | None = None
    ) -> bytes:
        return b"" if data is None else orjson.dumps(data, default=str)
