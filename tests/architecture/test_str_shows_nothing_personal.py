"""The name by which a row appears in logs, histories and lists shows nothing about anybody."""

from typing import Any

import pytest
from django.db import models

from apps.audit.tracking import is_ours
from apps.kernel.classification import Json, classification_of, classified_models

MARK = "somebody"
OURS = [model for model in classified_models() if is_ours(model) and not model._meta.auto_created]


def marked(model: type[models.Model]) -> models.Model:
    """A row, never saved, in whose personal fields the mark stands."""
    numbers = (field for field in model._meta.concrete_fields if isinstance(field, models.IntegerField))
    row = model(**{field.attname: 1 for field in numbers if not field.is_relation})
    declared = classification_of(model)
    for name, kind in declared.kinds().items() if declared else ():
        if kind.is_personal:
            field: Any = model._meta.get_field(name)
            if not field.is_relation:
                setattr(row, field.attname, {MARK: MARK} if isinstance(kind, Json) else MARK)
    return row


def related(row: models.Model) -> models.Model:
    """The same, with rows at the other end of its relations that are marked too."""
    for field in row._meta.concrete_fields:
        if field.is_relation:
            setattr(row, field.name, marked(field.related_model))
    return row


@pytest.mark.parametrize("model", OURS, ids=lambda model: model._meta.label)
def test_str_shows_nothing_personal(model: type[models.Model]) -> None:
    assert MARK not in str(related(marked(model)))


def test_all_of_our_models_are_looked_at() -> None:
    assert len(OURS) > 30
