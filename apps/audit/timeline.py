"""What an entry says to a person: names instead of keys, looked up now, and never kept."""

from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db.models import Field, Model, TextField, Value
from django.db.models.functions import Cast
from django.utils.formats import localize, number_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.access.services import people_seen_by
from apps.accounts.models import User
from apps.audit.leaves import ADDRESS, REASON
from apps.audit.models import AuditEvent
from apps.kernel.classification import classification_of
from apps.kernel.trail import Action

LONGEST = 200
NOISE = {"created_at", "updated_at"}
"""Fields that an entry's own time says better."""
BUSINESS_KEYS = ("number", "name", "label", "title", "slug", "codename")
"""What people call a row, the first that it has and that is not personal."""
SPECIAL: dict[str, Any] = {REASON: gettext_lazy("reason"), ADDRESS: gettext_lazy("address")}
SHORT = 8
ONE_FIELD = gettext_lazy("{who} changed {field} of {what} from {old} to {new}")
SOME_FIELDS = gettext_lazy("{who} changed {fields} of {what}")
SOURCES = {
    "web": gettext_lazy("somebody who had not signed in"),
    "admin": gettext_lazy("somebody who had not signed in"),
    "api": gettext_lazy("a caller who had not signed in"),
    "database": gettext_lazy("somebody past the application"),
    "command": gettext_lazy("the command %(name)s"),
    "job": gettext_lazy("the job %(name)s"),
    "schedule": gettext_lazy("the job %(name)s"),
    "event": gettext_lazy("what follows %(name)s"),
}
"""Who acted where nobody is named, by the first word of the source."""
NAMED = 3
"""So many changed fields a sentence names; the list below it has all of them."""
SECRET = gettext_lazy("{who} changed {field} of {what}, a secret whose value is never recorded")
REFUSED_OUTRIGHT = gettext_lazy("{who} was refused {what}")
UNKNOWN_ACCOUNT = gettext_lazy("A sign-in to an unknown account failed")
COUNTED: dict[int, Any] = {
    Action.REFUSED: gettext_lazy("{who} was refused {more} times more within a minute"),
    Action.LOGIN_FAILED: gettext_lazy("{more} more sign-ins to {what} failed within a minute"),
}
SENTENCES: dict[int, Any] = {
    Action.CREATE: gettext_lazy("{who} created {what}"),
    Action.UPDATE: gettext_lazy("{who} changed {what}"),
    Action.DELETE: gettext_lazy("{who} deleted {what}"),
    Action.ACCESS: gettext_lazy("{who} read {what}"),
    Action.EXPORT: gettext_lazy("{who} exported {what}"),
    Action.LOGIN: gettext_lazy("{who} signed in"),
    Action.LOGOUT: gettext_lazy("{who} signed out"),
    Action.LOGIN_FAILED: gettext_lazy("A sign-in to {what} failed"),
    Action.REFUSED: gettext_lazy("{who} was refused {permission} on {what}"),
    Action.TOKEN_ISSUED: gettext_lazy("{who} issued a token: {what}"),
    Action.TOKEN_REVOKED: gettext_lazy("{who} revoked a token: {what}"),
    Action.REDACTED: gettext_lazy("{who} erased {count} personal values of the trail: {ground}"),
    Action.DDL: gettext_lazy("{who} changed the schema of the database"),
    Action.OPERATED: gettext_lazy("{who} decided about {what}"),
    Action.PRUNED: gettext_lazy("{who} pruned months of the trail whose period was over"),
}


@dataclass(frozen=True)
class Difference:
    name: str
    field: str
    old: str
    new: str
    is_secret: bool = False


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


@dataclass(frozen=True)
class Sentence:
    """An entry as one says it. `form` has places for `words`, of which a page makes links."""

    told: Told
    form: str
    words: dict[str, str]
    erased: dict[str, datetime]
    """The fields whose values were erased from the entry, and when."""

    def __str__(self) -> str:
        said = self.form.format(**self.words)
        return _("%(said)s — reason: %(reason)s") % {"said": said, "reason": self.reason} if self.reason else said

    @property
    def reason(self) -> str:
        return self.told.event.reason

    @property
    def is_end(self) -> bool:
        return bool(self.told.event.action == Action.DELETE)

    @property
    def lists_fields(self) -> bool:
        """Whether the sentence leaves something of the entry unsaid."""
        said_it = self.told.event.action == Action.UPDATE and len(self.told.differences) == 1
        return bool(self.told.differences) and not said_it


def kind_of(event: AuditEvent) -> ContentType:
    return ContentType.objects.get_for_id(event.content_type_id)


def who(event: AuditEvent, seen: Container[UUID] | None = None) -> str:
    """The actor's present name, or his address if he is among those `seen`; without one, the source in words."""
    if event.actor_id is None:
        return source_of(event)
    if event.actor is None:
        return str(event.actor_id) if seen is None else _("somebody whose account is gone")
    return event.actor.name or (event.actor.email if seen is None or event.actor_id in seen else _("a colleague"))


def source_of(event: AuditEvent) -> str:
    kind, _colon, name = event.source.partition(":")
    return str(SOURCES[kind]) % {"name": name} if kind in SOURCES else event.source


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


def narrate(events: Iterable[AuditEvent], *, reader: User | None) -> list[Sentence]:
    """Entries as sentences that name their records, with three questions more: what is there, gone, and erased."""
    events = list(events)
    names, erased = called(events), erased_fields(event.pk for event in events)
    return [
        Sentence(
            told=told,
            form=_form(told),
            words=_words(told, names.get(_record(told.event), "")),
            erased={title_of(told.event, name): at for name, at in sorted(erased.get(told.event.pk, {}).items())},
        )
        for told in tell(events, reader=reader)
    ]


def _form(told: Told) -> str:
    action = told.event.action
    if action == Action.UPDATE and len(told.differences) == 1:
        return str(SECRET if told.differences[0].is_secret else ONE_FIELD)
    if action == Action.UPDATE and told.differences:
        return str(SOME_FIELDS)
    if "more" in told.event.additional_data and action in COUNTED:
        return str(COUNTED[action])
    if action == Action.REFUSED and "permission" not in told.event.additional_data:
        return str(REFUSED_OUTRIGHT)
    if action == Action.LOGIN_FAILED and not told.event.object_pk:
        return str(UNKNOWN_ACCOUNT)
    return str(SENTENCES.get(action, told.event.get_action_display()))


def _words(told: Told, name: str) -> dict[str, str]:
    event, details = told.event, told.event.additional_data
    words = {"who": told.who if event.actor_id else capfirst(told.who), "what": what(event, name)}
    if len(told.differences) == 1:
        [only] = told.differences
        words |= {"field": only.field, "old": only.old, "new": only.new}
    if len(told.differences) > 1:
        named = [each.field for each in told.differences[:NAMED]]
        words["fields"] = ", ".join([*named, "…"] if len(told.differences) > NAMED else named)
    if "more" in details:
        words["more"] = number_format(details["more"], force_grouping=True)
    if "permission" in details:
        words["permission"] = str(details["permission"])
    if event.action == Action.REDACTED:
        words |= {"count": number_format(details["values"], force_grouping=True), "ground": details["ground"]}
    return words


def what(event: AuditEvent, name: str) -> str:
    """`customer C-17`, or the kind and the end of the key; the kind alone where the entry names no row."""
    kind = kind_of(event)
    model = kind.model_class()
    if not event.object_pk:
        return str(model._meta.verbose_name_plural) if model else kind.name
    return f"{kind.name} {name or short(event.object_pk)}"


def short(key: str) -> str:
    return key if len(key) <= SHORT else f"…{key[-SHORT:]}"


def _record(event: AuditEvent) -> tuple[int, str]:
    return event.content_type_id, event.object_pk


def called(events: Iterable[AuditEvent]) -> dict[tuple[int, str], str]:
    """What people call the records of these entries, now or when they were deleted. Never a person, but for users."""
    wanted: dict[int, set[str]] = defaultdict(set)
    for event in events:
        if event.object_pk:
            wanted[event.content_type_id].add(event.object_pk)
    names = _called_now(wanted)
    gone = {key for kind, keys in wanted.items() for key in keys if (kind, key) not in names}
    if gone:
        deleted = AuditEvent.objects.filter(object_pk__in=gone, action=Action.DELETE).order_by("timestamp", "id")
        for kind, key, changes in deleted.values_list("content_type_id", "object_pk", "changes"):
            names.setdefault((kind, key), "")
            said = next((changes[name][0] for name in BUSINESS_KEYS if changes.get(name, [None])[0]), "")
            names[kind, key] = str(said)
    return names


def _called_now(wanted: dict[int, set[str]]) -> dict[tuple[int, str], str]:
    """All kinds in one question."""
    asked = []
    for kind, keys in wanted.items():
        model = ContentType.objects.get_for_id(kind).model_class()
        if model is not None and (field := business_key(model)):
            rows = model._base_manager.order_by().filter(pk__in=list(valid_keys(model, keys)))
            asked.append(rows.values_list(Value(kind), Cast("pk", TextField()), Cast(field, TextField())))
    if not asked:
        return {}
    return {(kind, key): name or "" for kind, key, name in asked[0].union(*asked[1:], all=True)}


def business_key(model: type[Model]) -> str | None:
    if issubclass(model, User):
        return "name"
    classification = classification_of(model)
    kinds = classification.kinds() if classification else {}
    return next((name for name in BUSINESS_KEYS if name in kinds and not kinds[name].is_personal), None)


def valid_keys(model: type[Model], keys: Iterable[str]) -> Iterator[Any]:
    """An act may name what no row can be."""
    for key in keys:
        try:
            yield model._meta.pk.to_python(key)
        except ValidationError:
            continue


def erased_fields(entries: Iterable[int]) -> dict[int, dict[str, datetime]]:
    """Number of an entry → the fields whose values were erased from it, and when."""
    numbers = {str(entry) for entry in entries}
    if not numbers:
        return {}
    redactions = AuditEvent.objects.filter(
        action=Action.REDACTED, additional_data__erased__has_any_keys=sorted(numbers)
    )
    found: dict[int, dict[str, datetime]] = defaultdict(dict)
    for at, erased in redactions.values_list("timestamp", "additional_data__erased"):
        for number in numbers & erased.keys():
            found[int(number)].update(dict.fromkeys(erased[number], at))
    return found


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
    return field_of(kind_of(event), name)


def field_of(kind: ContentType, name: str) -> Field | None:
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
    return named(wanted)


def named(wanted: Mapping[type[Model], Iterable[str]]) -> dict[tuple[type[Model], str], str]:
    """What these rows are called now, with one query per model; who is gone has no name."""
    return {
        (model, str(row.pk)): (row.name or _("a colleague")) if isinstance(row, User) else str(row)
        for model, keys in wanted.items()
        for row in model._base_manager.filter(pk__in=keys)
    }


def title_of(event: AuditEvent, name: str) -> str:
    return field_title(_field(event, name), name)


def field_title(field: Field | None, name: str) -> str:
    """Its words now; the name under which it was recorded where there is no such field any more."""
    return str(SPECIAL.get(name) or getattr(field, "verbose_name", name))


def _difference(
    field: Field | None, name: str, old: Any, new: Any, names: dict[tuple[type[Model], str], str]
) -> Difference:
    title = field_title(field, name)
    if old is None and new is None:
        return Difference(name, title, _("not recorded"), _("not recorded"), is_secret=True)
    return Difference(name, title, shown(field, old, names), shown(field, new, names))


def shown(field: Field | None, value: Any, names: dict[tuple[type[Model], str], str]) -> str:
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
            typed = field.to_python(value)
        except ValidationError:
            return shortened(shown)
        if isinstance(typed, Decimal):
            typed = _without_zeros(typed, field)
        shown = str(localize(typed))
    return shortened(shown)


def _without_zeros(number: Decimal, field: Any) -> Decimal:
    """What the database computed comes with more digits than the column has."""
    places = getattr(field, "output_field", field).decimal_places
    rounded = round(number, places)
    return rounded if rounded == number and -int(number.as_tuple().exponent) > places else number


def shortened(said: str) -> str:
    return said if len(said) <= LONGEST else f"{said[:LONGEST]}…"
