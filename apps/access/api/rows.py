"""Rows without serializers: where a serializer would only copy columns, they go from the database to JSON."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from typing import Any, ClassVar
from uuid import UUID

import orjson
from django.db.models import Model
from rest_framework import serializers

from apps.access.roles import roles_of

COPIES = frozenset(
    field.to_representation
    for field in (
        serializers.BooleanField,
        serializers.CharField,
        serializers.ChoiceField,
        serializers.DateField,
        serializers.DateTimeField,
        serializers.DecimalField,
        serializers.IntegerField,
        serializers.JSONField,
        serializers.PrimaryKeyRelatedField,
        serializers.UUIDField,
    )
)
"""What these fields make of a value is what the JSON renderer makes of it."""


def conceal(reserved: Mapping[str, tuple[str, ...]], shown: dict[str, Any], unit: UUID, reader: Any) -> dict[str, Any]:
    """Without what the reader may not see of a row in this unit."""
    for permission, names in reserved.items():
        if unit not in roles_of(reader).units(permission):
            for name in names:
                shown.pop(name, None)
    return shown


class ReadableSerializer(serializers.ModelSerializer[Any]):
    """Shows a row to its reader."""

    reserved: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    """Fields that are absent for a reader who does not hold this permission in the unit of the row."""

    def to_representation(self, instance: Any) -> dict[str, Any]:
        shown = super().to_representation(instance)
        if not self.reserved:
            return shown
        return conceal(self.reserved, shown, instance.unit_id, self.context["request"].user)


@dataclass(frozen=True, kw_only=True)
class Shape:
    """What a serializer shows of a row."""

    names: tuple[str, ...]
    columns: frozenset[str]
    """Those of the names that are columns, shown as they are."""
    children: tuple[str, ...]
    """Relations whose rows are shown inside of this one."""
    nested: tuple[str, ...]
    """Those of them that are shown with their fields, and not by their keys."""
    reserved: Mapping[str, tuple[str, ...]]
    follows_versions: bool
    """Whether the row and its children decide all of it, so that their versions tell whether it has changed."""

    def asked(self, said: str | None) -> tuple[str, ...]:
        """The names in `?fields=`, in our order and with the key; `ValueError` for an unknown one."""
        if said is None:
            return self.names
        wanted = set(said.split(","))
        if not wanted <= set(self.names):
            raise ValueError(f"No such field. Allowed: {', '.join(self.names)}.")
        return tuple(name for name in self.names if name in wanted or name == "id")


def _is_column(model: type[Model], name: str, field: Any) -> bool:
    stored = {column.name for column in model._meta.concrete_fields}
    return field.source == name and name in stored and type(field).to_representation in COPIES


def _is_of_the_row(model: type[Model], field: Any) -> bool:
    stored = {column.name for column in model._meta.concrete_fields}
    return field.source in stored or isinstance(getattr(model, field.source, None), property)


@cache
def shape_of(serializer_class: type[ReadableSerializer]) -> Shape:
    model: type[Model] = serializer_class.Meta.model
    as_declared = serializer_class.to_representation is ReadableSerializer.to_representation
    fields = {name: field for name, field in serializer_class().fields.items() if not field.write_only}
    children = tuple(
        str(field.source)
        for field in fields.values()
        if isinstance(field, serializers.ManyRelatedField | serializers.ListSerializer)
    )
    nested = tuple(str(field.source) for field in fields.values() if isinstance(field, serializers.ListSerializer))
    own = all(field.source in children or _is_of_the_row(model, field) for field in fields.values())
    return Shape(
        names=tuple(fields),
        columns=frozenset(name for name, field in fields.items() if as_declared and _is_column(model, name, field)),
        children=children,
        nested=nested,
        reserved=serializer_class.reserved,
        follows_versions=own and as_declared and not serializer_class.reserved,
    )


def _digest(*parts: object) -> str:
    return blake2b(orjson.dumps(parts, default=str), digest_size=9).hexdigest()


def entity_tag(version: object, basis: object) -> str:
    """A strong tag: the version of the row, by which a change is checked, and a mark of what of it is shown."""
    return f'"{version}.{_digest(basis)}"'


def list_tag(*basis: object) -> str:
    """A weak tag, because the links of a page are sealed anew each time."""
    return f'W/"{_digest(basis)}"'


def version_in(tag: str) -> str:
    """The version of the row in a tag of ours, weakened or not by whoever compressed the answer on its way."""
    return tag.strip().removeprefix("W/").strip('"').partition(".")[0]


def is_known(tag: str, said: str | None) -> bool:
    """Whether `If-None-Match` names this tag; compared weakly (RFC 9110, 13.1.2)."""
    if said is None:
        return False
    known = {each.strip().removeprefix("W/") for each in said.split(",")}
    return "*" in known or tag.removeprefix("W/") in known
