"""Bodies are taken literally: known fields only, each in the JSON type that the document names."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers

Said = Callable[[Any], bool]


def _is_whole(value: Any) -> bool:
    return type(value) is int or (isinstance(value, float) and value.is_integer())


def _is_amount(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", value) is not None


def _is_key(value: Any) -> bool:
    return isinstance(value, str) and value != ""


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


TEXTS = (
    serializers.CharField,
    serializers.ChoiceField,
    serializers.DateField,
    serializers.DateTimeField,
    serializers.UUIDField,
)
TYPES: tuple[tuple[Any, Said, Any], ...] = (
    (serializers.BooleanField, lambda value: isinstance(value, bool), gettext_lazy("Say true or false.")),
    (serializers.IntegerField, _is_whole, gettext_lazy("Say a whole number.")),
    (serializers.DecimalField, _is_amount, gettext_lazy('Say the number as a text, such as "12.50".')),
    (serializers.RelatedField, _is_key, gettext_lazy("Say a key.")),
    (TEXTS, _is_text, gettext_lazy("Say a text.")),
)


def refuse_unknown(serializer: Any, body: Any) -> None:
    """A field that nobody knows, one that is not written, one of another type: an error, and nothing is stored."""
    if not isinstance(body, Mapping):
        return
    errors: dict[str, Any] = {}
    for name, value in body.items():
        field = serializer.fields.get(name)
        if field is None:
            errors[name] = [serializers.ErrorDetail(_("There is no such field."), code="unknown_field")]
        elif field.read_only:
            errors[name] = [serializers.ErrorDetail(_("This field is read-only."), code="read_only_field")]
        elif not isinstance(body, QueryDict) and (wrong := list(_wrong_types(field, value))):
            errors[name] = wrong
    if errors:
        raise serializers.ValidationError(errors)


def _wrong_types(field: Any, value: Any) -> Iterator[Any]:
    """Forms know texts only, so this is asked of JSON alone."""
    if value is None:
        return
    if isinstance(field, serializers.ListField) and isinstance(value, list):
        for item in value:
            yield from _wrong_types(field.child, item)
        return
    sentence = next((sentence for kind, fits, sentence in TYPES if isinstance(field, kind) and not fits(value)), "")
    if sentence:
        yield serializers.ErrorDetail(str(sentence), code="wrong_type")
