"""Who acts, on whose behalf and why: read at the moment something is written to the audit trail."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Any, Self
from uuid import UUID

import orjson
from django.db import connection
from django.db.models import Model
from django.http import HttpRequest

from apps.kernel.planning import planned_once


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
    PRUNED = 14


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
    notes: "Notes | None" = field(default=None, compare=False)
    """What the request has shown and refused so far; a process that answers nobody has none."""

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


@dataclass
class Shown:
    """Rows of one class that an answer shows."""

    door: str
    filters: Mapping[str, str | None] | None
    fields: Sequence[str]
    keys: dict[str, None] = field(default_factory=dict)


@dataclass
class Notes:
    """What becomes entries when a request ends: one for each class of rows that was shown, and one refusal."""

    shown: dict[type[Model], Shown] = field(default_factory=dict)
    refused: dict[str, object] = field(default_factory=dict)
    refused_rows: dict[tuple[type[Model], str], None] = field(default_factory=dict)


@dataclass(frozen=True)
class Entry:
    """`model` is a label such as `customers.customer`. `details` hold no personal value and no secret."""

    action: Action
    model: str
    objects: Sequence[UUID | str] = ()
    details: Mapping[str, object] = field(default_factory=dict)

    def call(self) -> tuple[str, list[Any]]:
        """The call that writes it, by whoever acts now: for a statement of its own, or as a column of another."""
        context = current()
        return "audit_record(%s::smallint, %s::text, %s::text[], %s::jsonb, %s::jsonb)", [
            int(self.action),
            self.model,
            [str(key) for key in self.objects],
            orjson.dumps(self.details, default=str).decode(),
            orjson.dumps(context.payload() if context else {}).decode(),
        ]


def statement_of(entries: Sequence[Entry]) -> tuple[str, list[Any]]:
    calls, values = zip(*(entry.call() for entry in entries), strict=True)
    return f"SELECT {', '.join(calls)}", [value for each in values for value in each]


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
    write([Entry(action, model, objects, details or {})])


def write(entries: Sequence[Entry]) -> None:
    """Write them by one statement."""
    if entries:
        with planned_once(), connection.cursor() as cursor:
            cursor.execute(*statement_of(entries))
