"""A record as it was on a day, beside what it was on another."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from django import forms
from django.contrib.admin.utils import unquote
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy
from unfold.widgets import INPUT_CLASSES

from apps.access.admin.base import RecordAdmin
from apps.audit import family, timeline
from apps.audit.admin.workplace import kind_named, told
from apps.audit.models import AuditEvent
from apps.audit.moments import Basis, Hidden, Moment, State, as_of
from apps.kernel.trail import Action, record

MOST = 100
"""So many rows of one kind are shown below their record."""
SAID: dict[State, Promise] = {
    State.THERE: gettext_lazy("The record was there."),
    State.NOT_YET: gettext_lazy("The record did not exist yet."),
    State.GONE: gettext_lazy("The record was deleted by then. These are its last values."),
    State.UNKNOWN: gettext_lazy(
        "The trail does not reach back to the beginning of this record: what is empty is unknown."
    ),
}
FROM: dict[Basis, Promise | str] = {
    Basis.CREATION: gettext_lazy("Rebuilt from its creation forward."),
    Basis.DELETION: gettext_lazy("Rebuilt from its deletion backward."),
    Basis.PRESENT: gettext_lazy("Rebuilt from the present row backward."),
    Basis.NOTHING: "",
}
HIDDEN: dict[Hidden, Promise] = {
    Hidden.ERASED: gettext_lazy("erased"),
    Hidden.NEVER_RECORDED: gettext_lazy("a secret; its value is never recorded"),
}
Names = dict[tuple[type[Model], str], str]


class MomentForm(forms.Form):
    """One moment, or two to compare."""

    at = forms.DateTimeField(label=gettext_lazy("As it was on"))
    beside = forms.DateTimeField(label=gettext_lazy("Beside what it was on"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget = forms.DateTimeInput(
                {"type": "datetime-local", "step": "1", "class": " ".join(INPUT_CLASSES)}, format="%Y-%m-%dT%H:%M:%S"
            )


@dataclass(frozen=True)
class Line:
    title: str
    sides: list[str]

    @property
    def differs(self) -> bool:
        return len(set(self.sides)) > 1


@dataclass(frozen=True)
class Side:
    at: datetime
    said: str
    basis: str
    since: datetime | None


@dataclass(frozen=True)
class Child:
    name: str
    lines: list[Line]
    there: list[bool]
    """At which of the moments it belonged to the record."""


@dataclass(frozen=True)
class Children:
    title: str
    rows: list[Child]
    more: int


def show(page: RecordAdmin, request: HttpRequest, *, label: str, key: str) -> HttpResponse:
    kind, key = kind_named(label), unquote(key)
    form = MomentForm(request.GET if "at" in request.GET else {"at": timezone.now()})
    moments: list[datetime] = []
    if form.is_valid():
        moments = [form.cleaned_data[name] for name in ("at", "beside") if form.cleaned_data[name]]
        form = MomentForm(initial=form.cleaned_data)
    own = AuditEvent(content_type=kind, object_pk=key)
    name = timeline.called([own]).get((kind.pk, key), "")
    context = {
        **page.admin_site.each_context(request),
        "title": capfirst(timeline.what(own, name)),
        "opts": page.opts,
        "form": form,
        "label": label,
        "key": key,
    }
    if moments:
        context |= _compared(kind, key, moments)
        said = [moment.isoformat() for moment in moments]
        asked = told({"model": label, "object": key})
        record(Action.ACCESS, model="audit.auditevent", details={"as_of": said, **asked})
    return TemplateResponse(request, "admin/audit/moment.html", context)


def _compared(kind: ContentType, key: str, at: list[datetime]) -> dict[str, Any]:
    rebuilt = [as_of(kind, [key], moment)[key] for moment in at]
    children = list(_children(kind, key, at))
    names = _names([(kind, rebuilt), *((kin.kind, moments) for kin, found in children for moments in found.values())])
    return {
        "sides": [
            Side(moment, str(SAID[each.state]), str(FROM[each.basis]), each.since)
            for moment, each in zip(at, rebuilt, strict=True)
        ],
        "lines": _lines(kind, rebuilt, names),
        "children": [_told(kin, value_of(kind, key), found, names) for kin, found in children if found],
    }


def value_of(kind: ContentType, key: str) -> Any:
    model = kind.model_class()
    return family.key_in(model, key) if model else key


def _children(kind: ContentType, key: str, at: list[datetime]) -> Iterator[tuple[family.Kin, dict[str, list[Moment]]]]:
    """Those that belonged to the record at one of the moments."""
    model = kind.model_class()
    if model is None:
        return
    value = value_of(kind, key)
    for kin in family.kin_of(model):
        keys = family.members(model, [key], kin, family.MOST)
        each = [as_of(kin.kind, keys, moment) for moment in at]
        yield (
            kin,
            {
                child: [moments[child] for moments in each]
                for child in sorted(keys)
                if any(_belongs(moments[child], kin, value) for moments in each)
            },
        )


def _belongs(moment: Moment, kin: family.Kin, value: Any) -> bool:
    return moment.state == State.THERE and moment.values.get(kin.field) == value


def _told(kin: family.Kin, value: Any, found: dict[str, list[Moment]], names: Names) -> Children:
    meta = kin.model._meta
    rows = []
    for child, moments in islice(found.items(), MOST):
        there = [_belongs(moment, kin, value) for moment in moments]
        shown = [moment if is_there else Moment(State.GONE) for moment, is_there in zip(moments, there, strict=True)]
        lines = _lines(kin.kind, shown, names, without=kin.field)
        rows.append(Child(timeline.short(child), lines, there))
    return Children(capfirst(meta.verbose_name_plural), rows, max(len(found) - MOST, 0))


def _lines(kind: ContentType, moments: list[Moment], names: Names, without: str = "") -> list[Line]:
    """Every field that any of them has, in the order of the model; then what the model no longer knows."""
    model = kind.model_class()
    order = [field.name for field in model._meta.concrete_fields if not field.primary_key] if model else []
    known = {name for moment in moments for name in moment.values}
    key = model._meta.pk.name if model else ""
    fields = [*(name for name in order if name in known), *sorted(known - {*order, key})]
    return [
        Line(
            capfirst(timeline.field_title(timeline.field_of(kind, name), name)),
            [_shown(kind, name, moment.values.get(name), names) for moment in moments],
        )
        for name in fields
        if name != without
    ]


def _shown(kind: ContentType, name: str, value: Any, names: Names) -> str:
    return (
        str(HIDDEN[value]) if isinstance(value, Hidden) else timeline.shown(timeline.field_of(kind, name), value, names)
    )


def _names(found: Iterable[tuple[ContentType, list[Moment]]]) -> Names:
    wanted: dict[type[Model], set[str]] = defaultdict(set)
    for kind, moments in found:
        for moment in moments:
            for name, value in moment.values.items():
                field = timeline.field_of(kind, name)
                if field is not None and field.related_model is not None and not isinstance(value, Hidden):
                    wanted[field.related_model].add(str(value))
    return timeline.named(wanted)
