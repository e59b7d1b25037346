"""One meaning of each filter, for the API, the admin, the shell and reports."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from apps.accounts.models import User
from apps.audit.models import AuditEvent
from apps.audit.querysets import AuditEventQuerySet
from apps.kernel.trail import Action

Filter = Callable[[AuditEventQuerySet, str], AuditEventQuerySet]


def _by_actor(entries: AuditEventQuerySet, said: str) -> AuditEventQuerySet:
    if "@" in said:
        return entries.filter(actor__in=User.objects.filter(email__iexact=said).values("pk"))
    return entries.filter(actor=UUID(said))


def _by_action(entries: AuditEventQuerySet, said: str) -> AuditEventQuerySet:
    if said.upper() not in Action.__members__:
        raise ValueError(f"There is no action {said}. Choose one of {', '.join(a.name.lower() for a in Action)}.")
    return entries.filter(action=Action[said.upper()])


FILTERS: dict[str, Filter] = {
    "actor": _by_actor,
    "object": lambda entries, said: entries.filter(object_pk=said),
    "model": lambda entries, said: entries.of_model(said),
    "action": _by_action,
    "request": lambda entries, said: entries.filter(cid=said).exclude(cid=""),
    "unit": lambda entries, said: entries.filter(unit=UUID(said)),
    "batch": lambda entries, said: entries.filter(batch=said).exclude(batch=""),
}


def matching(*, since: datetime | None = None, until: datetime | None = None, **words: str) -> AuditEventQuerySet:
    """Entries that meet every filter named. A value that cannot be one raises `ValueError` with a sentence."""
    entries = AuditEvent.objects.between(since, until)
    for name, said in words.items():
        try:
            entries = FILTERS[name](entries, said)
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from error
    return entries
