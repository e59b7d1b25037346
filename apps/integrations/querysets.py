"""Which jobs and which events somebody may see."""

from collections.abc import Callable
from functools import reduce
from operator import or_

from django.db.models import BooleanField, Q, QuerySet
from django.db.models.expressions import RawSQL

from apps.access.models import Unit
from apps.access.roles import held, held_paths
from apps.accounts.models import User
from apps.events.models import PublishedEvent, Work

AT_THE_TOP = 2
"""Slashes in the path of a unit that has none above it."""
TABLE = PublishedEvent._meta.db_table


def all_work_of(user: User, verb: str = "view") -> QuerySet[Work]:
    """One's own work, that of units where a role allows it, and everything where a role holds at the top."""
    paths = held_paths(user, f"events.{verb}_work")
    if any(path.count("/") == AT_THE_TOP for path in paths):
        return Work.objects.all()
    return Work.objects.filter(Q(requested_by=user.pk) | Q(unit__in=Unit.objects.below(paths).values("pk")))


def jobs_of(user: User, verb: str = "view") -> QuerySet[Work]:
    """The same without deliveries of events, which nobody asked for."""
    return all_work_of(user, verb).exclude(kind=Work.Kind.DELIVERY)


def feed_of(user: User, allows: Callable[[str], bool]) -> QuerySet[PublishedEvent]:
    """Events of every domain of which the user may view something, in the units where he may.

    An event is held back while an older transaction runs and for its first second: whoever has read up to an event
    never finds an earlier one afterwards.
    """
    seen: dict[str, set[str]] = {}
    for permission, paths in held(user).items():
        label, codename = permission.split(".", 1)
        if codename.startswith("view_") and allows(label):
            seen.setdefault(label, set()).update(paths)
    settled = PublishedEvent.objects.filter(
        RawSQL(f"age({TABLE}.xmin) > age(pg_snapshot_xmin(pg_current_snapshot())::xid)", [], BooleanField()),  # noqa: S611
        RawSQL(f"{TABLE}.created_at < clock_timestamp() - interval '1 second'", [], BooleanField()),  # noqa: S611
    )
    if not seen:
        return settled.none()
    return settled.filter(
        reduce(
            or_,
            (
                Q(name__startswith=f"{label}.", unit__in=Unit.objects.below(tuple(paths)).values("pk"))
                for label, paths in seen.items()
            ),
        )
    )
