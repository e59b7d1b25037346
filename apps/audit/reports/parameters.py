"""What a report asks for. Each type reads what somebody said into keys, and says them again as people know them."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.access.models import Unit, UnitRecord
from apps.accounts.models import User
from apps.kernel.trail import Action

LONGEST = 300


@dataclass(frozen=True, kw_only=True)
class Type:
    """`read` answers with keys and words that name nobody, or raises `ValueError` with a sentence."""

    name: str
    help: str | Promise
    read: Callable[[str], str]
    show: Callable[[str], str] = str


@dataclass(frozen=True, kw_only=True)
class Parameter:
    name: str
    title: str | Promise
    type: Type
    required: bool = False


def user_key(said: str) -> str:
    if "@" not in said:
        return key(said)
    found = User.objects.filter(email__iexact=said).values_list("pk", flat=True).first()
    if found is None:
        raise ValueError(_("There is no user with this e-mail address."))
    return str(found)


def key(said: str) -> str:
    try:
        return str(UUID(said))
    except ValueError as error:
        raise ValueError(_("This is no key: it looks like 018f3c1e-8a55-7000-8000-000000000000.")) from error


def name_of(user: str) -> str:
    found = User.objects.filter(pk=user).first()
    return found.name or found.email if found else user


def text(said: str) -> str:
    """No address of anybody: it would stand in the trail beside every making of the report."""
    if len(said) > LONGEST or "\0" in said or "@" in said:
        raise ValueError(_("This is too long, or holds a character that no entry has."))
    return said


def model(said: str) -> str:
    model_of(said)
    return said.lower()


def model_of(label: str) -> type[Model]:
    app_label, _dot, name = label.lower().partition(".")
    kind = ContentType.objects.filter(app_label=app_label, model=name).first()
    found = kind.model_class() if kind else None
    if found is None:
        raise ValueError(_("There is no such kind of row. It looks like customers.customer."))
    return found


def action(said: str) -> str:
    known = [one.name.lower() for one in Action]
    if said.lower() not in known:
        raise ValueError(
            _("There is no action %(said)s. Choose one of %(known)s.") % {"said": said, "known": ", ".join(known)}
        )
    return said.lower()


def record(said: str) -> str:
    """`app.model:key`. The row itself may be gone: its entries are not."""
    label, _colon, row = said.partition(":")
    if not row:
        raise ValueError(_("Name the record by its kind and key, as in customers.customer:018f3c1e-…."))
    try:
        found = model_of(label)._meta.pk.to_python(row)
    except ValidationError as error:
        raise ValueError(_("This is no key of such a record.")) from error
    return f"{label.lower()}:{found}"


def split(record: str) -> tuple[type[Model], str]:
    label, _colon, row = record.partition(":")
    return model_of(label), row


def record_name(said: str) -> str:
    kind, row = split(said)
    found = kind._default_manager.filter(pk=row).first()
    return f"{kind._meta.verbose_name} {found or row}"


def unit(said: str) -> str:
    found = Unit.objects.filter(slug=said).first() or Unit.objects.filter(pk=key(said)).first()
    if found is None:
        raise ValueError(_("There is no such unit. Name it by its short name or its key."))
    return str(found.pk)


def unit_name(said: str) -> str:
    found = Unit.objects.filter(pk=said).first()
    return found.path if found else said


def place(said: str) -> str:
    if ":" not in said:
        return unit(said)
    read = record(said)
    if issubclass(split(read)[0], UnitRecord):
        return read
    raise ValueError(_("Records of this kind belong to no unit. Leave this out to see the whole organisation."))


def place_name(said: str) -> str:
    return record_name(said) if ":" in said else unit_name(said)


def permission(said: str) -> str:
    app_label, _dot, codename = said.partition(".")
    if not Permission.objects.filter(content_type__app_label=app_label, codename=codename).exists():
        raise ValueError(_("There is no such permission. It looks like customers.view_customer."))
    return said


PERSON = Type(name="person", help=gettext_lazy("e-mail or key of a user"), read=user_key, show=name_of)
RECORD = Type(
    name="record", help=gettext_lazy("kind and key, as in customers.customer:KEY"), read=record, show=record_name
)
KIND = Type(
    name="kind",
    help=gettext_lazy("as in customers.customer"),
    read=model,
    show=lambda said: str(model_of(said)._meta.verbose_name),
)
ACTION = Type(name="action", help=gettext_lazy("create, update, delete, access, …"), read=action)
UNIT = Type(name="unit", help=gettext_lazy("short name or key of a unit"), read=unit, show=unit_name)
PLACE = Type(
    name="place", help=gettext_lazy("short name or key of a unit, or app.model:KEY"), read=place, show=place_name
)
PERMISSION = Type(name="permission", help=gettext_lazy("as in customers.view_customer"), read=permission)
TEXT = Type(name="text", help=gettext_lazy("the whole value"), read=text)
