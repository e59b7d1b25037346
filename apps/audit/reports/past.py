"""How rows were in a period, rebuilt backwards from what they are now by the entries about them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db.models import QuerySet

from apps.audit.models import AuditEvent
from apps.kernel.trail import Action


@dataclass(frozen=True)
class Span:
    """From a moment on and before another one; `None` leaves that side open."""

    since: datetime | None
    until: datetime | None

    def within(self, other: "Span") -> "Span | None":
        """What both have in common."""
        begins = [moment for moment in (self.since, other.since) if moment]
        ends = [moment for moment in (self.until, other.until) if moment]
        since, until = max(begins, default=None), min(ends, default=None)
        return None if since and until and since >= until else Span(since, until)


@dataclass(frozen=True)
class State:
    """What a row was for a while. Values are as the trail spells them: keys and moments are texts."""

    key: str
    values: Mapping[str, Any]
    span: Span


def states(rows: QuerySet[Any], fields: tuple[str, ...], period: Span) -> Iterator[State]:
    """Every state of these rows, and of those that were deleted, since the period began."""
    kind = ContentType.objects.get_for_model(rows.model)
    attributes = {name: rows.model._meta.get_field(name).attname for name in fields}
    now = {
        str(row["pk"]): {name: _spelt(row[attribute]) for name, attribute in attributes.items()}
        for row in rows.order_by().values("pk", *attributes.values()).iterator()
    }
    ended: dict[str, datetime] = {}
    entries = AuditEvent.objects.filter(content_type=kind, action__lte=Action.DELETE).between(period.since, None)
    for entry in entries.order_by("-timestamp", "-id").iterator():
        key, moment = entry.object_pk, entry.timestamp
        before = {name: _spelt(entry.changes[name][0]) for name in fields if name in entry.changes}
        if entry.action == Action.DELETE:
            now[key] = dict.fromkeys(fields) | before
        elif key not in now or (entry.action == Action.UPDATE and not before):
            continue
        else:
            yield State(key, dict(now[key]), Span(moment, ended.pop(key, None)))
            if entry.action == Action.CREATE:
                del now[key]
                continue
            now[key] |= before
        ended[key] = moment
    for key, values in now.items():
        yield State(key, values, Span(None, ended.get(key)))


def _spelt(value: Any) -> Any:
    if value is None or isinstance(value, bool):
        return value
    return value.isoformat() if isinstance(value, datetime) else str(value)
