"""Who changed what lately, what waits for an auditor's answer, and which months are over."""

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
from django.db.models import Model, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from apps.access.models import Unit
from apps.access.panels import SHOWN, Content, Line, Place, Tone, beginning, panel
from apps.access.querysets import UnitRecordQuerySet
from apps.access.roles import held
from apps.accounts.models import User
from apps.audit import retention, timeline
from apps.audit.models import Alert, AuditEvent, Verification
from apps.audit.querysets import AuditEventQuerySet
from apps.kernel import reads
from apps.kernel.trail import Action

Key = tuple[int, str]

CHANGES = (Action.CREATE, Action.UPDATE, Action.DELETE)
BACK = timedelta(days=14)
READ = 100
"""One save writes several entries, and a panel has one line for each record."""
A_KEY = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-")


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
    reads.show(AuditEvent, [entry.pk for entries in shown for entry in entries.values()], door="start", filters={})
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
    called = admin.site._registry[type(row)].named(row) if row is not None else ""
    return "" if A_KEY.search(called) else called


@panel(
    "alerts",
    title=gettext_lazy("Alerts that wait for an answer"),
    icon="notification_important",
    permission="audit.decide_alert",
    empty=gettext_lazy("No alert is open. What the trail finds out of the ordinary appears here."),
)
def alerts(user: User) -> Content:
    waiting = Alert.objects.filter(state=Alert.State.OPEN).order_by("-created_at", "pk")
    return beginning(waiting, _alert, link=f"{reverse('admin:audit_alert_changelist')}?state__exact=open")


def _alert(alert: Alert) -> Line:
    return Line(
        text=alert.get_rule_display(),
        link=reverse("admin:audit_alert_change", args=[alert.pk]),
        label=naturaltime(alert.created_at),
        tone=Tone.LATE,
    )


@panel(
    "verified",
    title=gettext_lazy("The sealed log"),
    icon="verified",
    permission="audit.view_alert",
    place=Place.FIGURES,
    empty=gettext_lazy(
        "The log was not verified yet. That happens every night; an operator does it at once by manage.py audit verify."
    ),
)
def verified(user: User) -> Content:
    last = Verification.objects.order_by("-created_at").first()
    if last is None:
        return Content()
    entries = number_format(last.entries, force_grouping=True)
    if last.is_intact:
        text = _("Intact over %(entries)s sealed entries") % {"entries": entries}
    else:
        said = {"kind": last.kind, "position": number_format(last.position, force_grouping=True)}
        text = _("Tampered with at position %(position)s: %(kind)s") % said
    waiting = ngettext("%(many)s entry waited for the seal.", "%(many)s entries waited for the seal.", last.unsealed)
    line = Line(
        text=text,
        note=waiting % {"many": number_format(last.unsealed, force_grouping=True)},
        label=naturaltime(last.created_at),
        tone=Tone.FINE if last.is_intact else Tone.LATE,
    )
    return Content(lines=[line])


@panel(
    "retention",
    title=gettext_lazy("Months of the trail whose period is over"),
    icon="hourglass_bottom",
    permission="audit.view_keepingperiod",
    place=Place.NEWS,
    later=True,
    empty=gettext_lazy("Every entry of the trail is within its period. A month that is over is shown here."),
)
def over(user: User) -> Content:
    months = retention.months_due()
    page = reverse("admin:audit_keepingperiod_changelist")
    waits = _("waits for manage.py audit prune, unless a hold keeps it")
    return Content(
        lines=[Line(text=date_format(month, "F Y"), link=page, note=waits) for month in months[:SHOWN]],
        count=number_format(len(months)) if months else "",
        link=page,
    )
