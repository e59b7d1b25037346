"""What an auditor types to find entries: an e-mail address, a number of the business, a key."""

from collections.abc import Iterator

from django.contrib.contenttypes.models import ContentType
from django.db.models import CharField, Model, Q

from apps.audit.filters import FILTERS
from apps.audit.models import AuditEvent
from apps.audit.querysets import AuditEventQuerySet
from apps.audit.timeline import business_key
from apps.audit.tracking import tracked_models
from apps.kernel.trail import Action

NUMBER = "number"
MOST = 200


def found(entries: AuditEventQuerySet, said: str) -> AuditEventQuerySet:
    """Entries by the actor of this address, or of the records of this number, now or when they were deleted."""
    if "@" in said:
        return FILTERS["actor"](entries, said)
    records = Q(object_pk=said)
    for kind, keys in _numbered(said):
        records |= Q(content_type=kind, object_pk__in=keys)
    return entries.filter(records)


def _numbered(said: str) -> Iterator[tuple[int, list[str]]]:
    for model in _with_numbers():
        rows = model._base_manager.filter(**{f"{NUMBER}__iexact": said})
        if keys := [str(key) for key in rows.values_list("pk", flat=True)[:MOST]]:
            yield ContentType.objects.get_for_model(model).pk, keys
    gone = AuditEvent.objects.filter(action=Action.DELETE, changes__contains={NUMBER: [said]})
    for kind, key in gone.values_list("content_type_id", "object_pk")[:MOST]:
        yield kind, [key]


def _with_numbers() -> list[type[Model]]:
    return [
        model
        for model in tracked_models()
        if business_key(model) == NUMBER and isinstance(model._meta.get_field(NUMBER), CharField)
    ]
