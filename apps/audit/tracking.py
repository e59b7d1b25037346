"""How a table is tracked: which columns, split by what they hold, and the trigger function that follows from it."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass

from django.apps import apps
from django.db import models
from django.db.backends.utils import truncate_name

from apps.audit.exemptions import EXEMPT
from apps.audit.sql import PINNED, TABLE
from apps.kernel.classification import (
    Classification,
    Edge,
    Identifier,
    Kind,
    Owner,
    Part,
    Secret,
    classification_of,
    classified_models,
)

RIGHTS = f"SECURITY DEFINER {PINNED} SET timezone = 'UTC'"
OUR_PACKAGES = ("apps", "tests")
_MOST_ARGUMENTS = 90
"""PostgreSQL takes 100 arguments; wider tables are put together from several calls."""


@dataclass(frozen=True, kw_only=True)
class Tracking:
    """A table and its columns. A column is written `field`, or `field:column` where the names differ."""

    label: str
    table: str
    key: str
    clear: str
    personal: str = ""
    secret: str = ""
    unit: str = ""
    subject: str = ""

    def words(self) -> dict[str, str]:
        return {name: value for name, value in asdict(self).items() if value and name != "label"}

    @property
    def function(self) -> str:
        return truncate_name(f"audit_of_{self.table}", 63)


def tracked_models() -> list[type[models.Model]]:
    return [model for model in classified_models() if model._meta.label_lower not in EXEMPT]


def is_ours(model: type[models.Model]) -> bool:
    return apps.get_app_config(model._meta.app_label).name.split(".", 1)[0] in OUR_PACKAGES


def tracking_of(model: type[models.Model]) -> Tracking:
    """A field that nobody classified is treated as a secret: that it changed is recorded, its values are not."""
    meta = model._meta
    classification = classification_of(model) or Classification()
    kinds = classification.kinds()
    columns: dict[str, list[str]] = {"clear": [], "personal": [], "secret": []}
    for field in meta.concrete_fields:
        written = field.name if field.column == field.name else f"{field.name}:{field.column}"
        columns[_treatment(field, kinds.get(field.name), classification.edges.get(field.name))].append(written)
    return Tracking(
        label=meta.label,
        table=meta.db_table,
        key=column_of(meta.pk),
        **{treatment: " ".join(written) for treatment, written in columns.items()},
        unit=_unit_column(model),
        subject=_subject_column(model, classification),
    )


def column_of(field: models.Field) -> str:
    return str(field.column)


def _treatment(field: models.Field, kind: Kind | None, edge: Edge | None) -> str:
    if isinstance(kind, Secret):
        return "secret"
    if kind is not None:
        return "personal" if kind.is_personal else "clear"
    return "clear" if field.primary_key or edge is not None or field.is_relation else "secret"


def _unit_column(model: type[models.Model]) -> str:
    if model._meta.label == "access.Unit":
        return column_of(model._meta.pk)
    return next(
        (
            column_of(field)
            for field in model._meta.concrete_fields
            if field.name == "unit"
            and field.related_model is not None
            and field.related_model._meta.label == "access.Unit"
        ),
        "",
    )


def _subject_column(model: type[models.Model], classification: Classification) -> str:
    """The person's key on the row: the owner's, the parent's, or the row's own when it identifies somebody."""
    edges = classification.edges
    for wanted in (Owner, Part):
        for name in [name for name, edge in edges.items() if isinstance(edge, wanted)]:
            field = next((field for field in model._meta.concrete_fields if field.name == name), None)
            if field is not None and isinstance(_target(field), models.UUIDField):
                return column_of(field)
    identifies = any(isinstance(kind, Identifier) for kind in classification.kinds().values())
    return column_of(model._meta.pk) if identifies and isinstance(model._meta.pk, models.UUIDField) else ""


def _target(field: models.Field) -> models.Field:
    while isinstance(field, models.ForeignKey):
        field = field.target_field
    return field


def _columns(written: str) -> Iterator[tuple[str, str]]:
    for word in written.split():
        name, _colon, column = word.partition(":")
        yield name, f'"{column or name}"'


def _value(row: str, column: str) -> str:
    return f"coalesce(to_json({row}.{column})::text, 'null')"


def _changed(operation: str, column: str) -> str:
    if operation == "INSERT":
        return f"n.{column} IS NOT NULL"
    return f"o.{column} IS NOT NULL" if operation == "DELETE" else f"o.{column} IS DISTINCT FROM n.{column}"


def _pair(operation: str, column: str) -> str:
    old = "'null'" if operation == "INSERT" else _value("o", column)
    new = "'null'" if operation == "DELETE" else _value("n", column)
    return f"{old} || ',' || {new}"


def _object(parts: list[str]) -> str:
    """A `jsonb` object of those parts that are not NULL, which is what an unchanged column yields."""
    if not parts:
        return "'{}'::jsonb"
    groups = [parts[start : start + _MOST_ARGUMENTS] for start in range(0, len(parts), _MOST_ARGUMENTS)]
    calls = [f"nullif(concat_ws(',', {', '.join(group)}), '')" for group in groups]
    return f"('{{' || concat_ws(',', {', '.join(calls)}) || '}}')::jsonb"


def _clear(tracking: Tracking, operation: str) -> str:
    parts = [
        f"CASE WHEN {_changed(operation, column)} THEN '\"{name}\":[' || {_pair(operation, column)} || ']' END"
        for name, column in _columns(tracking.clear)
    ]
    parts += [
        f"CASE WHEN {_changed(operation, column)} THEN '\"{name}\":[null,null]' END"
        for name, column in _columns(tracking.secret)
    ]
    return _object(parts)


def _personal(tracking: Tracking, operation: str) -> str:
    return _object(
        [
            f"CASE WHEN {_changed(operation, column)} THEN '\"{name}\":[\"' || gen_random_uuid()::text || '\",' "
            f"|| {_pair(operation, column)} || ']' END"
            for name, column in _columns(tracking.personal)
        ]
    )


_ROWS = {
    "INSERT": "new_rows n",
    # Both sides are always read whole, so that no plan made for one row is ever repeated for each of a million.
    "UPDATE": "old_rows o FULL JOIN new_rows n ON n.{key} = o.{key}",
    "DELETE": "old_rows o",
}
_ACTIONS = {
    "INSERT": "0",
    "UPDATE": "CASE WHEN o.{key} IS NULL THEN 0 WHEN n.{key} IS NULL THEN 2 ELSE 1 END",
    "DELETE": "2",
}


def _either(operation: str, column: str) -> str:
    if operation == "UPDATE":
        return f"coalesce(n.{column}, o.{column})"
    return f"{'o' if operation == 'DELETE' else 'n'}.{column}"


def _recording(tracking: Tracking, operation: str) -> str:
    key = f'"{tracking.key}"'
    every = [
        column
        for treatment in (tracking.clear, tracking.personal, tracking.secret)
        for _, column in _columns(treatment)
    ]
    changed = " OR ".join(_changed(operation, column) for column in every)
    unit = _either(operation, f'"{tracking.unit}"') if tracking.unit else "NULL"
    subject = _either(operation, f'"{tracking.subject}"') if tracking.subject else "NULL"
    return f"""INSERT INTO {TABLE} (
            "timestamp", txid, content_type_id, source, actor_id, cid, remote_addr, reason, batch, db_user,
            application_name, additional_data, action, object_pk, unit_id, subject, changes, personal)
        SELECT f."timestamp", f.txid, f.content_type_id, f.source, f.actor_id, f.cid, f.remote_addr, f.reason, f.batch,
            f.db_user, f.application_name, f.additional_data, {_ACTIONS[operation].format(key=key)},
            {_either(operation, key)}::text, {unit}, {subject},
            {_clear(tracking, operation)},
            {_personal(tracking, operation)}
        FROM {_ROWS[operation].format(key=key)}
        WHERE {changed if operation == "UPDATE" else "true"};"""  # noqa: S608


def function_body(tracking: Tracking) -> str:
    app, name = tracking.label.lower().split(".")
    return f"""
DECLARE
    f {TABLE} := audit_frame('{app}', '{name}');
BEGIN
    IF TG_OP = 'INSERT' THEN
        {_recording(tracking, "INSERT")}
    ELSIF TG_OP = 'UPDATE' THEN
        {_recording(tracking, "UPDATE")}
    ELSE
        {_recording(tracking, "DELETE")}
    END IF;
    RETURN NULL;
END
"""


TRIGGERS = {
    "audit_insert": "AFTER INSERT ON {table} REFERENCING NEW TABLE AS new_rows",
    "audit_update": "AFTER UPDATE ON {table} REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows",
    "audit_delete": "AFTER DELETE ON {table} REFERENCING OLD TABLE AS old_rows",
}


def install(tracking: Tracking) -> list[str]:
    """Statements that give a table its function and its three triggers, whatever it had before."""
    table, function, body = f'"{tracking.table}"', f'"{tracking.function}"', function_body(tracking)
    return [
        *remove(tracking),
        f"CREATE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql {RIGHTS} AS $audit${body}$audit$",
        f"REVOKE ALL ON FUNCTION {function}() FROM PUBLIC",
        *(
            f"CREATE TRIGGER {name} {form.format(table=table)} FOR EACH STATEMENT EXECUTE FUNCTION {function}()"
            for name, form in TRIGGERS.items()
        ),
    ]


def remove(tracking: Tracking) -> list[str]:
    """Statements that take tracking off a table; a renamed table still wears the function of its old name."""
    return [
        f"""DO $audit$
DECLARE
    worn record;
BEGIN
    FOR worn IN
        SELECT tgname, tgfoid::regprocedure AS function FROM pg_trigger
        WHERE tgrelid = to_regclass('public."{tracking.table}"')
            AND tgname IN ('audit_insert', 'audit_update', 'audit_delete')
    LOOP
        EXECUTE format('DROP TRIGGER %I ON %I', worn.tgname, '{tracking.table}');
        IF NOT EXISTS (SELECT FROM pg_trigger WHERE tgfoid = worn.function) THEN
            EXECUTE format('DROP FUNCTION %s', worn.function);
        END IF;
    END LOOP;
END
$audit$"""  # noqa: S608
    ]
