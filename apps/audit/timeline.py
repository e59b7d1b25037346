"""What an entry says to a person: names instead of keys, looked up now, and never kept."""

from collections import defaultdict
from collections.abc import Container, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db.models import Field, Model
from django.utils.formats import localize
from django.utils.translation import gettext as _

from apps.access.services import people_seen_by
from apps.accounts.models import User
from apps.audit.models import AuditEvent
from apps.kernel.trail import Action

LONGEST = 200
NOISE = {"created_at", "updated_at"}
"""Fields that an entry's own time says better."""


@dataclass(frozen=True)
class Difference:
    name: str
    field: str
    old: str
    new: str


@dataclass(frozen=True)
class Told:
    event: AuditEvent
    who: str
    what: str
    differences: list[Difference]

    @property
    def is_new(self) -> bool:
        return bool(self.event.action == Action.CREATE)

    @property
    def tells_something(self) -> bool:
        """A save that changed nothing but the row's own moment does not."""
        return bool(self.differences) or self.event.action != Action.UPDATE


def kind_of(event: AuditEvent) -> ContentType:
    return ContentType.objects.get_for_id(event.content_type_id)


def who(event: AuditEvent, seen: Container[UUID] | None = None) -> str:
    """The actor's present name, or his address if he is among those `seen`; the source when nobody was named."""
    if event.actor_id is None:
        return event.source
    if event.actor is None:
        return str(event.actor_id) if seen is None else _("somebody whose account is gone")
    return event.actor.name or (event.actor.email if seen is None or event.actor_id in seen else _("a colleague"))


def pairs_of(event: AuditEvent) -> dict[str, list[Any]]:
    return event.changes | {name: said[1:] for name, said in event.personal.items()}


def tell(events: Iterable[AuditEvent], *, reader: User | None) -> list[Told]:
    """Entries in words, as this reader may see them; what foreign keys point to is read with one query per model."""
    events = list(events)
    names = _names(events)
    seen = addresses_seen(events, reader)
    return [
        Told(
            event=event,
            who=who(event, seen),
            what=kind_of(event).name,
            differences=[
                _difference(_field(event, name), name, old, new, names)
                for name, (old, new) in pairs_of(event).items()
                if not _is_noise(event, name, old, new)
            ],
        )
        for event in events
    ]


def _is_noise(event: AuditEvent, name: str, old: Any, new: Any) -> bool:
    """Keys, moments that the entry has itself, and what was empty and is empty. A secret has no values and is told."""
    field = _field(event, name)
    is_empty = old in (None, "") and new in (None, "") and not (old is None and new is None)
    return name in NOISE or is_empty or (field is not None and field.primary_key)


def addresses_seen(events: list[AuditEvent], reader: User | None) -> Container[UUID] | None:
    """The nameless actors whose address this reader may see; `None` where he may see everybody's."""
    if reader is None:
        return None
    nameless = {event.actor_id for event in events if event.actor and not event.actor.name}
    if not nameless:
        return frozenset()
    return {reader.pk, *people_seen_by(reader).filter(pk__in=nameless).values_list("pk", flat=True)}


def _field(event: AuditEvent, name: str) -> Field | None:
    kind = kind_of(event)
    try:
        return apps.get_model(kind.app_label, kind.model)._meta.get_field(name)
    except (LookupError, FieldDoesNotExist):
        return None


def _names(events: list[AuditEvent]) -> dict[tuple[type[Model], str], str]:
    wanted: dict[type[Model], set[str]] = defaultdict(set)
    for event in events:
        for name, pair in pairs_of(event).items():
            field = _field(event, name)
            if field is not None and field.related_model is not None:
                wanted[field.related_model].update(str(key) for key in pair if key is not None)
    return {
        (model, str(row.pk)): (row.name or _("a colleague")) if isinstance(row, User) else str(row)
        for model, keys in wanted.items()
        for row in model._base_manager.filter(pk__in=keys)
    }


def _difference(
    field: Field | None, name: str, old: Any, new: Any, names: dict[tuple[type[Model], str], str]
) -> Difference:
    title = str(getattr(field, "verbose_name", name))
    if old is None and new is None:
        return Difference(name, title, _("not recorded"), _("not recorded"))
    return Difference(name, title, _shown(field, old, names), _shown(field, new, names))


def _shown(field: Field | None, value: Any, names: dict[tuple[type[Model], str], str]) -> str:
    if value is None or value == "":
        return "–"
    if field is not None and field.related_model is not None:
        return names.get((field.related_model, str(value)), str(value))
    if field is not None and field.choices:
        return str(dict(field.flatchoices).get(value, value))
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    shown = str(value)
    if field is not None and field.get_internal_type() in {
        "DateField",
        "DateTimeField",
        "DecimalField",
    }:
        try:
            shown = str(localize(field.to_python(value)))
        except ValidationError:
            shown = str(value)
    return shown if len(shown) <= LONGEST else f"{shown[:LONGEST]}…"
