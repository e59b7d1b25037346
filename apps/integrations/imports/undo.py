"""Takes an import back: what it created goes, what it changed is as before. All of it, or nothing and a list why."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any, cast

from django.apps import apps
from django.db import models, transaction
from django.utils import timezone

from apps.access.version import RowVersion
from apps.accounts.models import User
from apps.integrations.imports.profile import has_unit
from apps.integrations.imports.registry import settlers
from apps.integrations.imports.writer import check_constraints, chunks
from apps.integrations.models import ImportBatch, ImportedRow
from apps.kernel.errors import BusinessError, NotPermitted
from apps.kernel.trail import because

LISTED = 100


class CannotUndo(BusinessError):
    """Rows of this import were changed or are used since."""

    code = "import_in_use"

    def __init__(self, rows: list[str]) -> None:
        said = f"{len(rows)} rows of this import were changed or are used since. Nothing was undone."
        super().__init__(said, rows=rows[:LISTED], count=len(rows))
        self.rows = rows[:LISTED]


class NotImported(BusinessError):
    """Only an import that has been written can be undone."""

    code = "not_imported"


class UndoNotPermitted(NotPermitted):
    """Your roles do not allow to take back these rows."""

    code = "undo_not_permitted"


@dataclass
class _Rows:
    """What the batch holds of one model."""

    model: type[models.Model]
    created: dict[Any, ImportedRow] = field(default_factory=dict)
    changed: dict[Any, ImportedRow] = field(default_factory=dict)

    @property
    def all(self) -> dict[Any, ImportedRow]:
        return self.created | self.changed


def undo_import(batch: ImportBatch, *, user: User | None = None) -> dict[str, dict[str, int]]:
    """Counts of removed and restored rows by model. With a user, his permissions in the unit are demanded."""
    with transaction.atomic(), because(f"Undo of import {batch.profile}", batch=str(batch.pk)):
        batch = ImportBatch.objects.select_for_update().get(pk=batch.pk)
        if batch.state != ImportBatch.State.DONE:
            raise NotImported
        tables = _tables(batch)
        if user is not None:
            _check_permitted(user, batch, tables)
        if against := [*_changed_since(tables), *_used_elsewhere(tables)]:
            raise CannotUndo(against)
        touched = _roots(tables)
        for table in reversed(tables):
            _restore(table)
            for chunk in chunks(table.created):
                table.model._base_manager.filter(pk__in=chunk)._raw_delete(using="default")
        check_constraints()
        for label, keys in touched.items():
            settlers()[label](keys)
        batch.state = ImportBatch.State.UNDONE
        batch.undone_at = timezone.now()
        batch.save(update_fields=["state", "undone_at", "updated_at"])
        batch.rows.all().delete()
    return {
        table.model._meta.label_lower: {"removed": len(table.created), "restored": len(table.changed)}
        for table in tables
    }


def _tables(batch: ImportBatch) -> list[_Rows]:
    """In the order of writing."""
    tables: dict[str, _Rows] = {}
    for row in batch.rows.order_by("position").iterator(chunk_size=5_000):
        table = tables.setdefault(row.model, _Rows(apps.get_model(row.model)))
        key = table.model._meta.pk.to_python(row.object)
        (table.created if row.created else table.changed)[key] = row
    return list(tables.values())


def _check_permitted(user: User, batch: ImportBatch, tables: list[_Rows]) -> None:
    needed = []
    for table in tables:
        if not has_unit(table.model):
            continue
        meta = table.model._meta
        needed += [f"{meta.app_label}.delete_{meta.model_name}"] if table.created else []
        needed += [f"{meta.app_label}.change_{meta.model_name}"] if table.changed else []
    if missing := [permission for permission in needed if not user.has_perm(permission, batch.unit)]:
        raise UndoNotPermitted(
            "Your roles do not allow to take back these rows. Missing: " + ", ".join(missing) + ".", missing=missing
        )


def _changed_since(tables: list[_Rows]) -> list[str]:
    """Rows whose version is not the one that the import left, and rows that are gone."""
    found = []
    for table in tables:
        label = table.model._meta.label_lower
        for chunk in chunks(table.all.items()):
            rows = table.model._base_manager.filter(pk__in=[key for key, _ in chunk]).select_for_update()
            versions = dict(rows.order_by("pk").annotate(row_version=RowVersion()).values_list("pk", "row_version"))
            found += [
                f"{label} {key} was {'changed' if key in versions else 'deleted'} since."
                for key, row in chunk
                if versions.get(key) != row.version
            ]
    return found


def _used_elsewhere(tables: list[_Rows]) -> list[str]:
    """Rows that other people's rows refer to."""
    created: dict[type[models.Model], set[Any]] = defaultdict(set)
    for table in tables:
        created[table.model] |= set(table.created)
    found = []
    for table in tables:
        for relation in table.model._meta.get_fields(include_hidden=True):
            if not (relation.auto_created and not relation.concrete and (relation.one_to_many or relation.one_to_one)):
                continue
            model = cast("type[models.Model]", relation.related_model)
            name = relation.field.attname  # type: ignore[union-attr]
            for chunk in chunks(table.created):
                users = model._base_manager.filter(**{f"{name}__in": chunk}).values_list("pk", name)
                found += [
                    f"{table.model._meta.label_lower} {key} is used by {model._meta.label_lower} {pk}."
                    for pk, key in users
                    if pk not in created[model]
                ]
    return found


def _roots(tables: list[_Rows]) -> dict[str, list[Any]]:
    """Aggregates that stay and lose or change a part."""
    gone = {table.model: set(table.created) for table in tables}
    touched: dict[str, set[Any]] = defaultdict(set)
    for table in tables:
        through = getattr(table.model, "granted_through", "")
        root = table.model._meta.get_field(through).related_model if through else table.model
        keys = set(table.changed)
        if through:
            rows = table.model._base_manager.filter(pk__in=list(table.all))
            keys = set(rows.values_list(f"{through}_id", flat=True))
        if root._meta.label_lower in settlers():  # type: ignore[union-attr]
            touched[root._meta.label_lower] |= keys - gone.get(root, set())  # type: ignore[union-attr, arg-type]
    return {label: sorted(keys) for label, keys in touched.items() if keys}


def _restore(table: _Rows) -> None:
    fields = {found.attname: found for found in table.model._meta.concrete_fields}
    for chunk in chunks(table.changed.items()):
        rows = table.model._base_manager.in_bulk([key for key, _ in chunk])
        names: set[str] = set()
        for key, entry in chunk:
            for attname, value in (entry.before or {}).items():
                setattr(rows[key], attname, fields[attname].to_python(value))
                names.add(attname)
            if "updated_at" in fields:
                rows[key].updated_at = timezone.now()  # type: ignore[attr-defined]
                names.add("updated_at")
        table.model._base_manager.bulk_update(rows.values(), [fields[name].name for name in names])
