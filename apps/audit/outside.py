"""Writes past the application: found by their place in the trail, along an index that holds little else."""

from django.contrib.postgres.aggregates import ArrayAgg
from django.db import connection, transaction
from django.db.models import Count, Min, Q, Value

from apps.audit.alerts import raise_alert
from apps.audit.models import Alert, AuditEvent, WatchedUntil
from apps.audit.seal import HORIZON, system_identifier
from apps.kernel.trail import Action

WATCHED = Q(source="database") | Q(action=Action.DDL)
"""The condition of the index."""
DISABLED = Q(action=Action.DDL, additional_data__has_key="disabled")
"""Somebody switched triggers off: whoever he says he is, this is looked into."""


@transaction.atomic
def watch() -> int:
    """Raise an alert for each database login that wrote past the application since the last look. Counts entries.

    Looked at is what can no longer change: transactions below the oldest running one.
    """
    WatchedUntil.objects.bulk_create([WatchedUntil()], ignore_conflicts=True)
    place, here = WatchedUntil.objects.select_for_update().get(), system_identifier()
    with connection.cursor() as cursor:
        cursor.execute(HORIZON)
        horizon = int(cursor.fetchone()[0])
    later = Q(txid__gte=place.txid) if place.cluster == here else Q(pk__gt=place.event)
    found = (
        AuditEvent.objects.filter(WATCHED, later, Q(source="database") | DISABLED, txid__lt=horizon)
        .order_by()
        .values_list("db_user")
        .annotate(Count("pk"), Min("pk"), off=ArrayAgg("object_pk", filter=DISABLED, distinct=True, default=Value([])))
    )
    counted = 0
    for login, entries, first, disabled in found:
        counted += entries
        _tell(login, entries, first, disabled)
    place.cluster, place.txid = here, horizon
    place.event = AuditEvent.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    place.save()
    return counted


def _tell(login: str, entries: int, first: int, disabled: list[str]) -> None:
    """An open alert counts on."""
    said = {"entries": entries, "first": first, "disabled": disabled}
    alert = raise_alert(Alert.Rule.OUTSIDE, about=login, details=said)
    if alert.details["first"] != first:
        alert.details["entries"] += entries
        alert.details["disabled"] = sorted({*alert.details["disabled"], *disabled})
        alert.save(update_fields=["details", "updated_at"])
