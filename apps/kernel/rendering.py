"""Answers as JSON."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, ClassVar

import orjson
from rest_framework.renderers import BaseRenderer


def _as_text(value: Any) -> str:
    """Amounts as they are stored: `0.00000000`, never `0E-8`."""
    return format(value, "f") if isinstance(value, Decimal) else str(value)


class JSONRenderer(BaseRenderer):
    media_type: ClassVar[str] = "application/json"
    format: ClassVar[str] = "json"
    charset: ClassVar[str | None] = None

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Mapping[str, Any] | None = None
    ) -> bytes:
        return b"" if data is None else orjson.dumps(data, default=_as_text, option=orjson.OPT_UTC_Z)
