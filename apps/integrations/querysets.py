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

TABLE = PublishedEvent._meta.db_table


def jobs_of(user: User, verb: str = "view") -> QuerySet[Work]:
    """One's own jobs, those of units where a role allows it, and those of no unit where a role holds at the top."""
    permission = f"events.{verb}_work"
    paths = held_paths(user, permission)
    mine = Q(requested_by=user.pk) | Q(unit__in=Unit.objects.below(paths).values("pk"))
    if Unit.objects.filter(parent=None, path__in=paths).exists():
        mine |= Q(unit=None)
    return Work.objects.filter(mine).exclude(kind=Work.Kind.DELIVERY)


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
