"""Who changed what lately: one's own changes, those of others in one's units, and what an auditor counts."""

import re
from collections import defaultdict
from collections.abc import Container, Iterable
from datetime import timedelta
from functools import reduce
from operator import or_
from uuid import UUID

from django.contrib import admin
from django.contrib.contenttypes.models import ContentType
from django.contrib.humanize.templatetags.humanize import naturaltime
from django.db.models import Count, Model, Q
from django.db.models.functions import TruncDate
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.access.models import Unit
from apps.access.panels import SHOWN, Bar, Content, Line, Place, Tone, panel
from apps.access.querysets import UnitRecordQuerySet
from apps.access.roles import held
from apps.accounts.models import User
from apps.audit import timeline
from apps.audit.models import AuditEvent
from apps.audit.querysets import AuditEventQuerySet
from apps.kernel.trail import Action

Key = tuple[int, str]

LIST = "admin:audit_auditevent_changelist"
CHANGES = (Action.CREATE, Action.UPDATE, Action.DELETE)
BACK = timedelta(days=14)
READ = 100
"""One save writes several entries, and a panel has one line for each record."""
A_KEY = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-")
WATCHED = {
    Action.LOGIN_FAILED: gettext_lazy("failed sign-ins"),
    Action.REFUSED: gettext_lazy("refusals"),
    Action.EXPORT: gettext_lazy("exports"),
    Action.DDL: gettext_lazy("changes of the schema"),
}


@panel(
    "my-changes",
    title=gettext_lazy("Your latest changes"),
    icon="history",
    permission=None,
    place=Place.NEWS,
    later=True,
    empty=gettext_lazy("You have changed nothing in the last two weeks. What you change can be found again here."),
)
def mine(user: User) -> Content:
    kinds = [kind for kinds in _seen(user).values() for kind in kinds]
    return _told(_recent().by(user).filter(content_type__in=kinds), user, names_people=False)


@panel(
    "changes",
    title=gettext_lazy("Latest changes in your units"),
    icon="update",
    permission=None,
    place=Place.NEWS,
    later=True,
    empty=gettext_lazy("Nobody else has changed anything that you may see in the last two weeks."),
)
def others(user: User) -> Content:
    seen = _seen(user)
    if not seen:
        return Content()
    in_units = reduce(
        or_,
        (Q(content_type__in=kinds, unit__in=Unit.objects.below(paths).values("pk")) for paths, kinds in seen.items()),
    )
    # Also the entries without an actor, such as those of a job.
    by_others = Q(actor=None) | ~Q(actor=user.pk)
    return _told(_recent().filter(in_units, by_others), user, names_people=True)


def _recent() -> AuditEventQuerySet:
    return AuditEvent.objects.filter(timestamp__gte=timezone.now() - BACK, action__in=CHANGES)


def _seen(user: User) -> dict[tuple[str, ...], list[ContentType]]:
    """The kinds that have a page and that this user may view, by the units in which he may."""
    seen: dict[tuple[str, ...], list[ContentType]] = defaultdict(list)
    paths = held(user)
    for model, kind in ContentType.objects.get_for_models(*admin.site._registry).items():
        where = paths.get(f"{kind.app_label}.view_{kind.model}")
        if where and model is not AuditEvent:
            seen[where].append(kind)
    return seen


def _told(entries: AuditEventQuerySet, user: User, *, names_people: bool) -> Content:
    """A line for each kind that a transaction wrote: thousands of rows of an import are one of them."""
    written: dict[tuple[int, int, int], dict[Key, AuditEvent]] = defaultdict(dict)
    for entry in entries.prefetch_related("actor").order_by("-timestamp", "-id")[:READ]:
        written[entry.txid, entry.content_type_id, entry.action].setdefault(_key(entry), entry)
    shown = _each_record_once(written.values())[:SHOWN]
    seen = timeline.addresses_seen([entry for entries in shown for entry in entries.values()], user)
    rows = _rows([next(iter(entries.values())) for entries in shown if len(entries) == 1], user)
    return Content(lines=[_line(list(entries.values()), rows, seen if names_people else None) for entries in shown])


def _key(entry: AuditEvent) -> Key:
    return entry.content_type_id, entry.object_pk


def _each_record_once(groups: Iterable[dict[Key, AuditEvent]]) -> list[dict[Key, AuditEvent]]:
    """Without the older changes of a record whose latest one is there already."""
    seen: set[Key] = set()
    kept = []
    for group in groups:
        fresh = {key: entry for key, entry in group.items() if key not in seen}
        seen.update(fresh)
        if fresh:
            kept.append(fresh)
    return kept


def _rows(entries: Iterable[AuditEvent], user: User) -> dict[Key, Model]:
    """The rows that are still there and that the reader may see, one query for each kind."""
    wanted: dict[int, list[str]] = defaultdict(list)
    for entry in entries:
        if entry.action != Action.DELETE:
            wanted[entry.content_type_id].append(entry.object_pk)
    found: dict[Key, Model] = {}
    for kind, keys in wanted.items():
        rows = ContentType.objects.get_for_id(kind).model_class()._default_manager.filter(pk__in=keys)
        visible = rows.visible_to(user) if isinstance(rows, UnitRecordQuerySet) else rows
        found |= {(kind, str(row.pk)): row for row in visible}
    return found


def _line(entries: list[AuditEvent], rows: dict[Key, Model], seen: Container[UUID] | None) -> Line:
    entry = entries[0]
    meta = ContentType.objects.get_for_id(entry.content_type_id).model_class()._meta
    done = entry.get_action_display()
    row = rows.get(_key(entry))
    if len(entries) > 1:
        text, link = capfirst(meta.verbose_name_plural), reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist")
        many = number_format(len(entries), force_grouping=True)
        done = _("%(many)s %(done)s") % {"many": f"{many}+" if len(entries) == READ else many, "done": done}
    else:
        text = f"{capfirst(meta.verbose_name)} {_name(row)}".strip()
        link = reverse(f"admin:{meta.app_label}_{meta.model_name}_history", args=[row.pk]) if row else ""
    return Line(
        text=text,
        link=link,
        note=done if seen is None else _("%(done)s by %(who)s") % {"done": done, "who": timeline.who(entry, seen)},
        label=naturaltime(entry.timestamp),
    )


def _name(row: Model | None) -> str:
    """What its page calls it; nothing when that is a key, which tells nobody anything."""
    called = admin.site._registry[type(row)].caption(row) if row is not None else ""
    return "" if A_KEY.search(called) else called


@panel(
    "activity",
    title=gettext_lazy("Entries of the trail, by day"),
    icon="monitoring",
    permission="audit.report_auditevent",
    place=Place.FIGURES,
    later=True,
    empty=gettext_lazy("The trail has no entry of the last two weeks."),
)
def activity(user: User) -> Content:
    today = timezone.localdate()
    days = [today - timedelta(days=back) for back in reversed(range(BACK.days))]
    entries = AuditEvent.objects.filter(timestamp__gte=timezone.now() - BACK).order_by()
    written = dict(entries.annotate(day=TruncDate("timestamp")).values_list("day").annotate(Count("pk")))
    watched = dict(entries.filter(action__in=WATCHED).values_list("action").annotate(Count("pk")))
    return Content(
        bars=[Bar(label=date_format(day, "j M"), value=written.get(day, 0)) for day in days],
        lines=[
            Line(
                text=capfirst(title),
                link=f"{reverse(LIST)}?action__exact={action.value}",
                label=number_format(watched.get(action, 0), force_grouping=True),
                tone=Tone.SOON if watched.get(action) else Tone.FINE,
            )
            for action, title in WATCHED.items()
        ],
        link=reverse(LIST),
    )
