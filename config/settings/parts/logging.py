"""structlog: one JSON object per event in production, one coloured line per event in a trial."""

import os
import sys
from typing import Any

import structlog

from apps.kernel import logs
from config.settings.environment import env, refuse


def _short(_logger: object, _method: str, event: logs.Event) -> logs.Event:
    """The supervisor prints the time in front of each line already."""
    event.pop("timestamp", None)
    event.pop("logger", None)
    return event


_COLOURS = sys.stderr.isatty() or "FORCE_COLOR" in os.environ
_RENDERERS: dict[str, list[Any]] = {
    "json": [structlog.processors.JSONRenderer()],
    "console": [
        _short,
        structlog.dev.ConsoleRenderer(colors=_COLOURS, sort_keys=False, pad_event_to=0, pad_level=False),
    ],
}
_SHARED: list[Any] = [
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.contextvars.merge_contextvars,
    logs.who_acts,
    logs.place_of_error,
    logs.without_personal_values,
]


def logging_settings(form: str) -> dict[str, Any]:
    if form not in _RENDERERS:
        refuse("LOG_FORMAT is neither json nor console: choose one of them.")
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "event": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": [logs.foreign_words, *_SHARED],
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    logs.on_one_line,
                    *_RENDERERS[form],
                ],
            }
        },
        "filters": {"unhandled": {"()": "django.utils.log.CallbackFilter", "callback": lambda record: record.exc_info}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "event"}},
        "root": {"handlers": ["stderr"], "level": env.str("LOG_LEVEL", "INFO").upper()},
        "loggers": {
            "django": {"level": "INFO", "handlers": [], "propagate": True},
            # The request log tells the same without addresses, except where an error came from.
            "django.request": {"level": "ERROR", "filters": ["unhandled"]},
            "django.security": {"level": "CRITICAL"},
            "django.server": {"level": "ERROR", "handlers": [], "propagate": True},
            "gunicorn.error": {"level": "INFO", "handlers": [], "propagate": True},
            "axes": {"level": "ERROR"},
        },
    }


structlog.configure(
    processors=[
        structlog.stdlib.filter_by_level,
        *_SHARED,
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    wrapper_class=structlog.stdlib.BoundLogger,
    cache_logger_on_first_use=True,
)
LOGGING = logging_settings(env.str("LOG_FORMAT", "console"))
