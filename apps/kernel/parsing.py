"""Bodies of requests: bounded in size and depth, one meaning only."""

import json
import re
from collections.abc import Mapping
from typing import IO, Any, ClassVar

from django.conf import settings
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from apps.kernel.problems import ContentTooLarge

MAX_DEPTH = 20
"""Levels of nesting; the deepest resource of ours needs four."""
_BRACKET = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    keys = dict(pairs)
    if len(keys) != len(pairs):
        raise ParseError("An object names one key twice.")
    return keys


def _refused_constant(name: str) -> None:
    raise ParseError(f"{name} is not a JSON number.")


def _check_depth(text: str) -> None:
    depth = 0
    for token in _BRACKET.finditer(text):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(token[0], 0)
        if depth > MAX_DEPTH:
            raise ParseError(f"The body is nested deeper than {MAX_DEPTH} levels.")


def _check_characters(value: object) -> None:
    """JSON can escape what no text of a database can hold: NUL, and half of a surrogate pair (RFC 8259, 8.2)."""
    if isinstance(value, str) and _UNSTORABLE.search(value):
        raise ParseError("A text holds a NUL or a lone surrogate.")
    if isinstance(value, dict):
        value = [*value.keys(), *value.values()]
    if isinstance(value, list):
        for item in value:
            _check_characters(item)


class StrictJSONParser(BaseParser):
    """UTF-8 JSON (RFC 8259) up to `DATA_UPLOAD_MAX_MEMORY_SIZE` bytes; a key said twice is refused (RFC 7493)."""

    media_type: ClassVar[str] = "application/json"

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        body = stream.read(limit + 1)
        if len(body) > limit:
            raise ContentTooLarge
        try:
            text = body.decode()
            _check_depth(text)
            parsed = json.loads(text, object_pairs_hook=_unique_keys, parse_constant=_refused_constant)
        except UnicodeDecodeError as error:
            raise ParseError("The body is not UTF-8.") from error
        except ValueError as error:
            raise ParseError("The body is not JSON.") from error
        _check_characters(parsed)
        return parsed
