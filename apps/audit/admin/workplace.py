"""The auditor's pages: timelines of a record, a person, an actor, a request and a batch, linked to each other."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from typing import Any, cast
from uuid import UUID

from django.contrib.admin.utils import quote, unquote
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from apps.access.admin.base import RecordAdmin
from apps.accounts.models import User
from apps.audit import family, timeline
from apps.audit.admin.links import linked
from apps.audit.admin.paging import newest, page_of
from apps.audit.filters import FILTERS
from apps.audit.models import AuditEvent
from apps.audit.querysets import AuditEventQuerySet
from apps.kernel import reads
from apps.kernel.trail import Action, record


@dataclass(frozen=True)
class Act:
    """What one request did, or one transaction that belongs to none."""

    sentences: list[tuple[timeline.Sentence, SafeString]]

    @property
    def event(self) -> AuditEvent:
        return self.sentences[0][0].told.event


@dataclass(frozen=True)
class Day:
    on: date
    acts: list[Act]


@dataclass(frozen=True)
class Story:
    """What a timeline is of."""

    name: str
    title: str
    entries: AuditEventQuerySet
    details: dict[str, str]
    """What the entry about this look says: keys and words as they were asked for."""
    links: list[tuple[str, str]] = field(default_factory=list)


def door(page: RecordAdmin, route: str, name: str, view: Callable[..., HttpResponse]) -> URLPattern:
    """A page of the workplace, for those who read the trail."""

    def opened(request: HttpRequest, **said: Any) -> HttpResponse:
        if not page.has_view_permission(request):
            raise PermissionDenied
        return view(page, request, **said)

    return path(route, page.admin_site.admin_view(opened), name=name)


def pages(page: RecordAdmin) -> list[URLPattern]:
    def timeline_of(read: Callable[..., Story]) -> Callable[..., HttpResponse]:
        return lambda page, request, **said: show(page, request, read(**said))

    return [
        door(page, "record/<str:label>/<path:key>/", "audit_record", timeline_of(of_record)),
        door(page, "subject/<uuid:key>/", "audit_subject", timeline_of(of_subject)),
        door(page, "actor/<uuid:key>/", "audit_actor", timeline_of(of_actor)),
        door(page, "request/<path:name>/", "audit_request", timeline_of(of_request)),
        door(page, "batch/<path:name>/", "audit_batch", timeline_of(of_batch)),
    ]


def kind_named(label: str) -> ContentType:
    try:
        return ContentType.objects.get_by_natural_key(*label.split(".", 1))
    except (ContentType.DoesNotExist, TypeError) as error:
        raise Http404 from error


def of_record(label: str, key: str) -> Story:
    """With what belongs to it: lines, children, links and files, also those that are gone."""
    kind, key = kind_named(label), unquote(key)
    model = kind.model_class()
    own = AuditEvent(content_type=kind, object_pk=key)
    name = timeline.called([own]).get((kind.pk, key), "")
    entries = (
        AuditEvent.objects.filter(family.about(model, key, family.MOST))
        if model
        else AuditEvent.objects.filter(content_type=kind, object_pk=key)
    )
    return Story(
        name="record",
        title=capfirst(timeline.what(own, name)),
        entries=entries,
        details={"model": label, "object": key},
        links=[(_("As it was on a day"), reverse("admin:audit_moment", args=[label, quote(key)]))],
    )


def of_subject(key: UUID) -> Story:
    own = AuditEvent.objects.filter(object_pk=str(key)).order_by("-timestamp", "-id").first()
    called = _("a person of whom no record is known")
    if own is not None:
        called = timeline.what(own, timeline.called([own]).get((own.content_type_id, own.object_pk), ""))
    return Story(
        name="subject",
        title=_("About %(person)s") % {"person": called},
        entries=AuditEvent.objects.filter(subject=key),
        details={"subject": str(key)},
    )


def of_actor(key: UUID) -> Story:
    actor = User.objects.filter(pk=key).first()
    called = _("somebody whose account is gone") if actor is None else actor.name or actor.email
    return Story(
        name="actor",
        title=_("Done by %(actor)s") % {"actor": called},
        entries=AuditEvent.objects.by(key),
        details={"actor": str(key)},
        links=[(_("What was done to the account"), reverse("admin:audit_record", args=["accounts.user", key]))],
    )


def of_request(name: str) -> Story:
    return Story(
        name="request",
        title=_("Request %(request)s") % {"request": name},
        entries=FILTERS["request"](AuditEvent.objects.all(), name),
        details={"request": name},
    )


def of_batch(name: str) -> Story:
    return Story(
        name="batch",
        title=_("Batch %(batch)s") % {"batch": name},
        entries=FILTERS["batch"](AuditEvent.objects.all(), name),
        details={"batch": name},
    )


def show(page: RecordAdmin, request: HttpRequest, story: Story) -> HttpResponse:
    events, older = page_of(story.entries.prefetch_related("actor"), request)
    sentences = timeline.narrate(events, reader=None)
    record(Action.ACCESS, model="audit.auditevent", details={"timeline": story.name, **told(story.details)})
    context = {
        **page.admin_site.each_context(request),
        "title": story.title,
        "opts": page.opts,
        "story": story,
        "days": days_of(sentences),
        "older": older,
        "newest": newest(request),
    }
    return TemplateResponse(request, "admin/audit/timeline.html", context)


def told(asked: dict[str, str]) -> dict[str, str | None]:
    """As the trail may keep it: what stood in the address may be anything."""
    return reads.filters_said(AuditEvent, asked, asked)


def days_of(sentences: list[timeline.Sentence]) -> list[Day]:
    """By day in the reader's time, and within it by what was done together."""
    telling = [each for each in sentences if each.told.tells_something or each.erased]
    return [
        Day(on, [Act([(each, linked(each)) for each in act]) for _together, act in groupby(day, key=_together_with)])
        for on, day in groupby(telling, key=lambda each: timezone.localdate(each.told.event.timestamp))
    ]


def _together_with(sentence: timeline.Sentence) -> tuple[str, int]:
    event = sentence.told.event
    return (event.cid, 0) if event.cid else ("", cast("int", event.txid))
