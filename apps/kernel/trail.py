"""Who acts, on whose behalf and why: read at the moment something is written to the audit trail."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Any, Self
from uuid import UUID

import orjson
from django.db import connection
from django.http import HttpRequest


class Action(IntEnum):
    """What happened. The first three are written by the triggers, the others by `record`."""

    CREATE = 0
    UPDATE = 1
    DELETE = 2
    ACCESS = 3
    EXPORT = 4
    LOGIN = 5
    LOGOUT = 6
    LOGIN_FAILED = 7
    REFUSED = 8
    TOKEN_ISSUED = 9
    TOKEN_REVOKED = 10
    REDACTED = 11
    DDL = 12
    OPERATED = 13


@dataclass(frozen=True, kw_only=True)
class Context:
    """One acting person or process.

    `source` is `web`, `admin`, `api`, `command:<name>`, `job:<name>` or `schedule:<name>`.
    """

    source: str
    request: HttpRequest | None = None
    actor: UUID | str | None = None
    request_id: str = ""
    address: str | None = None
    reason: str = ""
    batch: str = ""

    def payload(self) -> dict[str, str]:
        """The context as plain text values; a request's user is looked up now, when somebody has authenticated."""
        user = getattr(self.request, "user", None)
        actor = self.actor or (user.pk if user is not None and user.is_authenticated else None)
        said = {
            "source": self.source,
            "actor": str(actor) if actor else "",
            "request": self.request_id,
            "address": self.address or "",
            "reason": self.reason,
            "batch": self.batch,
        }
        return {key: value for key, value in said.items() if value}

    @classmethod
    def restored(cls, payload: Mapping[str, str], *, source: str) -> Self:
        """The context that a row of work carried, acting now from `source`."""
        return cls(
            source=source,
            actor=payload.get("actor"),
            request_id=payload.get("request", ""),
            address=payload.get("address"),
            reason=payload.get("reason", ""),
            batch=payload.get("batch", ""),
        )


_context: ContextVar[Context | None] = ContextVar("trail_context", default=None)


def current() -> Context | None:
    return _context.get()


@contextmanager
def acting(context: Context) -> Iterator[Context]:
    """Everything written inside is done by this actor."""
    token = _context.set(context)
    try:
        yield context
    finally:
        _context.reset(token)


@contextmanager
def because(reason: str = "", **changes: Any) -> Iterator[Context]:
    """Everything written inside carries this reason (and batch, if given) on top of the present context."""
    present = current() or Context(source="code")
    with acting(replace(present, reason=reason or present.reason, **changes)) as context:
        yield context


def record(
    action: Action, *, model: str, objects: Sequence[UUID | str] = (), details: Mapping[str, object] | None = None
) -> None:
    """Write one entry that no row change writes: a read, an export, a login, a refusal, a download.

    `model` is a label such as `customers.customer`. `details` hold no personal value and no secret.
    """
    context = current()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT audit_record(%s::smallint, %s::text, %s::text[], %s::jsonb, %s::jsonb)",
            [
                int(action),
                model,
                [str(key) for key in objects],
                orjson.dumps(details or {}, default=str).decode(),
                orjson.dumps(context.payload() if context else {}).decode(),
            ],
        )
