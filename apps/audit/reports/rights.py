"""Who could and who did: permissions as they were held in a period, beside what was done with them."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import reduce
from operator import or_
from typing import Any

from django.contrib.auth.models import Group, Permission
from django.db.models import Count, Max, Min, Q
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from apps.access.grants import grant_model
from apps.access.models import Assignment, Unit, UnitRecord
from apps.accounts.models import User
from apps.audit.models import AuditEvent
from apps.audit.querysets import AuditEventQuerySet
from apps.audit.reports.parameters import split
from apps.audit.reports.past import Span, State, states
from apps.kernel.registry import domains
from apps.kernel.trail import Action

ALWAYS = datetime.min.replace(tzinfo=UTC)
WRITES = (Action.CREATE, Action.UPDATE, Action.DELETE)
USES = {
    "view": (Action.ACCESS, Action.EXPORT),
    "add": (Action.CREATE,),
    "change": (Action.UPDATE,),
    "delete": (Action.DELETE,),
}
"""What the first word of a permission allows. Any other verb changes rows."""


@dataclass(frozen=True)
class Holding:
    user: str
    through: str
    span: Span


def people_with_platform_roles(period: Span) -> set[str]:
    slugs = [role.slug for _label, role in domains.roles() if role.platform]
    roles = {str(key) for key in Group.objects.filter(name__in=slugs).values_list("pk", flat=True)}
    return {state.values["user"] for state, _span in _assignments(period) if state.values["role"] in roles}


def uses_of(permission: str, place: str) -> AuditEventQuerySet:
    """What somebody with this permission can do here, whoever did it."""
    asked = _asked(permission)
    verb = asked.codename.partition("_")[0]
    entries = AuditEvent.objects.filter(content_type=asked.content_type, action__in=USES.get(verb, WRITES))
    if ":" in place:
        model, key = split(place)
        return entries.filter(object_pk=key) if model is asked.content_type.model_class() else entries.none()
    return entries.filter(unit__in=_below(place)) if place else entries


def holdings(permission: str, place: str, period: Span) -> list[Holding]:
    """Who held it here in this period, and through what."""
    found = [*_by_roles(permission, place, period), *_by_grants(permission, place, period)]
    active = _active({holding.user for holding in found}, period)
    spans = (
        replace(holding, span=common)
        for holding in found
        for span in active[holding.user]
        if (common := holding.span.within(span))
    )
    return _merged(spans)


def who_could_and_did(permission: str, place: str, period: Span) -> Iterator[tuple[Any, ...]]:
    """A row for each person: what he could, how often he did, and how often at a time at which he could not."""
    could: dict[str, list[Holding]] = defaultdict(list)
    for holding in holdings(permission, place, period):
        could[holding.user].append(holding)
    explained = [Q(actor=user) & _during(held.span) for user, of_user in could.items() for held in of_user]
    entries = uses_of(permission, place).between(period.since, period.until)
    outside = ~reduce(or_, explained) if explained else Q()
    outside &= Q(actor__isnull=False)
    counted = {"times": Count("pk"), "first": Min("timestamp"), "last": Max("timestamp")}
    by_actor = entries.order_by().values_list("actor").annotate(**counted, outside=Count("pk", filter=outside))
    did = {str(actor or ""): tuple(said) for actor, *said in by_actor}
    people = User.objects.filter(pk__in=[*could, *filter(None, did)])
    names = {str(user.pk): user.name or user.email for user in people}
    for user in sorted({*could, *did}, key=lambda user: (names.get(user, ""), user)):
        count, first, last, unexplained = did.get(user, (0, None, None, 0))
        held = "; ".join(f"{each.through} {_said(each.span)}" for each in could[user]) if user in could else ""
        yield user, names.get(user, "" if user else _("no person")), held, count, first, last, unexplained


def _asked(permission: str) -> Permission:
    app_label, _dot, codename = permission.partition(".")
    return Permission.objects.select_related("content_type").get(content_type__app_label=app_label, codename=codename)


def _during(span: Span) -> Q:
    after = Q(timestamp__gte=span.since or ALWAYS)
    return after & Q(timestamp__lt=span.until) if span.until else after


def _said(span: Span) -> str:
    since = _("from %s") % span.since.isoformat(timespec="minutes") if span.since else ""
    until = _("until %s") % span.until.isoformat(timespec="minutes") if span.until else ""
    return " ".join(filter(None, (since, until))) or _("all the time")


def _assignments(period: Span) -> Iterator[tuple[State, Span]]:
    """Every assignment as it was, for as long as it was valid within the period."""
    for state in states(Assignment.objects.all(), ("user", "role", "unit", "valid_from", "valid_until"), period):
        if (valid := _valid(state, period)) is not None:
            yield state, valid


def _valid(state: State, period: Span) -> Span | None:
    since, until = (state.values[name] and parse_datetime(state.values[name]) for name in ("valid_from", "valid_until"))
    common = state.span.within(Span(since, until))
    return common and common.within(period)


def _by_roles(permission: str, place: str, period: Span) -> Iterator[Holding]:
    carrying = _carrying(permission, period)
    paths = _paths(period)
    here = paths[_unit_of(place)] if place else [("", period)]
    names = {str(role.pk): role.name for role in Group.objects.all()}
    for state, valid in _assignments(period):
        role = state.values["role"]
        for carried in carrying[role]:
            for path, at in paths[state.values["unit"]]:
                for below, then in here:
                    span = _common(valid, carried, at, then)
                    if span is not None and (not place or below.startswith(path)):
                        through = _("role %(role)s in %(unit)s") % {"role": names.get(role, role), "unit": path}
                        yield Holding(state.values["user"], through, span)


def _carrying(permission: str, period: Span) -> dict[str, list[Span]]:
    """When each role carried the permission."""
    asked, found = _asked(permission), defaultdict(list)
    for state in states(Group.permissions.through.objects.filter(permission=asked), ("group", "permission"), period):
        if state.values["permission"] == str(asked.pk):
            found[state.values["group"]].append(state.span)
    return found


def _paths(period: Span) -> dict[str, list[tuple[str, Span]]]:
    """Where each unit stood, and when."""
    found = defaultdict(list)
    for state in states(Unit.objects.all(), ("path",), period):
        found[state.key].append((state.values["path"] or "", state.span))
    return found


def _by_grants(permission: str, place: str, period: Span) -> Iterator[Holding]:
    asked = _asked(permission)
    model = asked.content_type.model_class()
    if model is None or not issubclass(model, UnitRecord):
        return
    through = model.granted_through
    root = model._meta.get_field(through).related_model if through else model
    grants = grant_model(root)  # type: ignore[arg-type]
    codename = f"{asked.codename.removesuffix(f'_{model._meta.model_name}')}_{root._meta.model_name}"  # type: ignore[union-attr]
    wanted = Permission.objects.filter(content_type__app_label=root._meta.app_label, codename=codename).first()  # type: ignore[union-attr]
    if grants is None or wanted is None:
        return
    fields = ("user", "permission", "content_object", "valid_from", "valid_until")
    given = [
        (state, valid)
        for state in states(grants.objects.filter(permission=wanted), fields, period)
        if state.values["permission"] == str(wanted.pk) and (valid := _valid(state, period)) is not None
    ]
    rows = _rows_here(root, place, {state.values["content_object"] for state, _span in given})
    for state, valid in given:
        if (row := state.values["content_object"]) in rows:
            yield Holding(state.values["user"], _("grant on %s") % rows[row], valid)


def _rows_here(root: Any, place: str, keys: set[str]) -> dict[str, str]:
    """Those of these rows that are meant, by what they are called; a row that is gone is still itself."""
    there = root._base_manager.filter(pk__in=keys)
    if not place:
        return {key: key for key in keys} | {str(row.pk): str(row) for row in there}
    if ":" not in place:
        return {str(row.pk): str(row) for row in there.filter(unit__in=_below(place))}
    model, key = split(place)
    asked = model._base_manager.filter(pk=key).first()
    through = model.granted_through  # type: ignore[attr-defined]
    wanted = str(getattr(asked, f"{through}_id", "")) if through else key
    return {wanted: str(there.filter(pk=wanted).first() or wanted)} if wanted in keys else {}


def _unit_of(place: str) -> str:
    if ":" not in place:
        return place
    model, key = split(place)
    return str(model._base_manager.filter(pk=key).values_list("unit", flat=True).first() or "")


def _below(unit: str) -> Any:
    path = Unit.objects.filter(pk=unit).values_list("path", flat=True).first()
    return Unit.objects.below((path,) if path else ()).values("pk")


def _active(users: set[str], period: Span) -> dict[str, list[Span]]:
    found: dict[str, list[Span]] = defaultdict(list)
    for state in states(User.objects.filter(pk__in=users), ("is_active",), period):
        if state.values["is_active"]:
            found[state.key].append(state.span)
    return found


def _common(first: Span, *others: Span) -> Span | None:
    common: Span | None = first
    for other in others:
        common = common and common.within(other)
    return common


def _merged(holdings: Iterator[Holding]) -> list[Holding]:
    """Spans of the same reason that touch are one."""
    merged: list[Holding] = []
    for each in sorted(holdings, key=lambda held: (held.user, held.through, held.span.since or ALWAYS)):
        last = merged[-1] if merged else None
        if last and (last.user, last.through) == (each.user, each.through) and _touches(last.span, each.span):
            merged[-1] = replace(last, span=Span(last.span.since, _later(last.span.until, each.span.until)))
        else:
            merged.append(each)
    return merged


def _touches(first: Span, second: Span) -> bool:
    return first.until is None or (second.since or ALWAYS) <= first.until


def _later(first: datetime | None, second: datetime | None) -> datetime | None:
    return None if first is None or second is None else max(first, second)
