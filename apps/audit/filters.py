"""One meaning of each filter, for the API, the admin, the shell and reports."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django.contrib.contenttypes.models import ContentType

from apps.accounts.models import User
from apps.audit.models import AuditEvent
from apps.audit.querysets import AuditEventQuerySet
from apps.kernel.trail import Action

Filter = Callable[[AuditEventQuerySet, str], AuditEventQuerySet]


def _by_actor(entries: AuditEventQuerySet, said: str) -> AuditEventQuerySet:
    if "@" in said:
        # The keys themselves: what a subquery finds the planner cannot know.
        return entries.filter(actor__in=list(User.objects.filter(email__iexact=said).values_list("pk", flat=True)))
    return entries.filter(actor=_key(said))


def _key(said: str) -> UUID:
    try:
        return UUID(said)
    except ValueError as error:
        raise ValueError("This is no key: it looks like 018f3c1e-8a55-7000-8000-000000000000.") from error


def _by_model(entries: AuditEventQuerySet, said: str) -> AuditEventQuerySet:
    app_label, _dot, name = said.lower().partition(".")
    try:
        return entries.filter(content_type=ContentType.objects.get_by_natural_key(app_label, name))
    except ContentType.DoesNotExist as error:
        raise ValueError("There is no such kind of row. It looks like customers.customer.") from error


def _by_action(entries: AuditEventQuerySet, said: str) -> AuditEventQuerySet:
    if said.upper() not in Action.__members__:
        raise ValueError(f"There is no action {said}. Choose one of {', '.join(a.name.lower() for a in Action)}.")
    return entries.filter(action=Action[said.upper()])


FILTERS: dict[str, Filter] = {
    "actor": _by_actor,
    "object": lambda entries, said: entries.filter(object_pk=said),
    "model": _by_model,
    "action": _by_action,
    "subject": lambda entries, said: entries.filter(subject=_key(said)),
    "request": lambda entries, said: entries.filter(cid=said).exclude(cid=""),
    "unit": lambda entries, said: entries.filter(unit=_key(said)),
    "batch": lambda entries, said: entries.filter(batch=said).exclude(batch=""),
}


def matching(since: datetime | None = None, until: datetime | None = None, **words: str) -> AuditEventQuerySet:
    """Entries that meet every filter named. A value that cannot be one raises `ValueError` with a sentence."""
    entries = AuditEvent.objects.between(since, until)
    for name, said in words.items():
        try:
            entries = FILTERS[name](entries, said)
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from error
    return entries
