"""What may stand in a log line: our own words, keys and places, never a value that somebody sent or stored."""

import logging
import re
import sys
import traceback
from collections.abc import MutableMapping
from pathlib import Path
from types import TracebackType
from typing import Any

from django.utils.functional import LazyObject, empty

from apps.kernel.trail import current

Event = MutableMapping[str, Any]

SPOKEN_FOR = (
    "apps.",
    "config.",
    "celery.",
    "kombu.",
    "gunicorn.",
    "psycopg.pool",
    "django.db.migrations",
    "py.warnings",
)
"""Loggers whose sentences are known to hold no personal value. Of all others only the place is told."""
WITHOUT_A_CALLER = ("django.request", "gunicorn.error")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_PERSONAL = re.compile(
    r"[^\s<>\"'(){}\[\],;:=&?/]+@[^\s<>\"'(){}\[\],;:=&?/]+"  # an e-mail address
    r"|\bstw_\w+|\bwhsec_\S+|\bBearer\s+\S+|\beyJ[\w-]+\.[\w.-]+"  # tokens
    r"|(?<=://)[^\s/@:]+:[^\s/@]+(?=@)",  # name and password in an address
    re.IGNORECASE,
)
_HERE = str(Path(__file__).resolve().parents[2])


def _known_user(request: Any) -> str | None:
    """The key of the request's user when something has asked for it; asking here would cost a query."""
    user = getattr(request, "user", None)
    if user is None or (isinstance(user, LazyObject) and user._wrapped is empty):
        return None
    return str(user.pk) if user.is_authenticated else None


def who_acts(_logger: object, _method: str, event: Event) -> Event:
    """Request, source and actor of the audit trail, so that a line and an entry can be laid side by side."""
    context = current()
    if context is not None:
        actor = str(context.actor) if context.actor else _known_user(context.request)
        said = {"request": context.request_id, "source": context.source, "actor": actor}
        event.update({key: value for key, value in said.items() if value and key not in event})
    return event


def _frames(trace: TracebackType | None) -> list[str]:
    return [
        f"{frame.filename.removeprefix(_HERE + '/')}:{frame.lineno} {frame.name}"
        for frame in traceback.extract_tb(trace)
    ]


def place_of_error(_logger: object, _method: str, event: Event) -> Event:
    """The kind of an error and where it happened. Its message is left out: databases and parsers quote values there."""
    error = event.pop("exc_info", None)
    if error is True:
        error = sys.exc_info()
    if isinstance(error, tuple):
        error = error[1]
    if isinstance(error, BaseException):
        event["error"] = type(error).__name__
        if error.__cause__ is not None:
            event["cause"] = type(error.__cause__).__name__
        event["where"] = _frames(error.__traceback__)
    event.pop("stack_info", None)
    return event


def foreign_words(_logger: object, _method: str, event: Event) -> Event:
    """A record that was not made by structlog: the sentence of a library we know, else the place of its call."""
    record: logging.LogRecord = event["_record"]
    spoken_for = record.name.startswith(SPOKEN_FOR) and not (
        record.name in WITHOUT_A_CALLER and (record.levelno == logging.WARNING or record.exc_info)
    )
    if not spoken_for:
        event["event"] = "unhandled_error" if record.exc_info else "library_message"
        event["called"] = f"{record.module}:{record.lineno}"
    return event


def without_personal_values(_logger: object, _method: str, event: Event) -> Event:
    """The last net, for what should never have been handed to a logger."""
    return {key: _PERSONAL.sub("[removed]", value) if isinstance(value, str) else value for key, value in event.items()}


def on_one_line(_logger: object, _method: str, event: Event) -> Event:
    """No value can begin a second line or colour the terminal."""
    return {key: _escaped(value) for key, value in event.items()}


def _escaped(value: Any) -> Any:
    if isinstance(value, str):
        return _CONTROL.sub(lambda found: found.group().encode("unicode_escape").decode(), value)
    if isinstance(value, list):
        return [_escaped(item) for item in value]
    return value
