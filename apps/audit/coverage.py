"""Is every table tracked, by exactly the triggers that its model asks for now, or exempt for a stated reason?"""

from dataclasses import dataclass

from django.db import connection
from django.db.models import Model

from apps.audit.exemptions import EXEMPT
from apps.audit.sql import TABLE
from apps.audit.tracking import TRIGGERS, function_body, tracking_of
from apps.kernel.classification import classified_models

_TABLES = """
SELECT c.relname FROM pg_class c
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
ORDER BY c.relname
"""
_TRIGGERS = """
SELECT c.relname, t.tgname, t.tgenabled = 'O', p.proname, p.prosrc
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid
WHERE t.tgname = ANY(%s) AND c.relnamespace = 'public'::regnamespace
"""
_WRITABLE = """
SELECT c.relname FROM pg_class c, aclexplode(c.relacl) AS right_
WHERE to_regclass(%(trail)s) IN (c.oid, (SELECT inhparent FROM pg_inherits WHERE inhrelid = c.oid))
    AND right_.grantee <> c.relowner AND right_.privilege_type <> 'SELECT'
"""
WITHOUT_MODEL = {"django_migrations": "Django's list of applied migrations; the run-time role can only read it."}


@dataclass(frozen=True)
class Covered:
    """One table; `fault` says what is wrong with it, and is empty when it is tracked or exempt."""

    table: str
    model: str
    exempt: str = ""
    fault: str = ""


def coverage() -> list[Covered]:
    models = {model._meta.db_table: model for model in classified_models()}
    with connection.cursor() as cursor:
        cursor.execute(_TABLES)
        tables = [name for (name,) in cursor.fetchall()]
        cursor.execute(_TRIGGERS, [list(TRIGGERS)])
        worn: dict[str, dict[str, tuple[bool, str, str]]] = {}
        for table, trigger, enabled, function, source in cursor.fetchall():
            worn.setdefault(table, {})[trigger] = (enabled, function, source)
        cursor.execute(_WRITABLE, {"trail": TABLE})
        writable = {name for (name,) in cursor.fetchall()}
    found = [_covered(table, models.get(table), worn.get(table, {})) for table in tables]
    return found + [
        Covered(name, "audit.AuditEvent", fault="Somebody beside its owner may write it.") for name in writable
    ]


def _covered(table: str, model: type[Model] | None, worn: dict[str, tuple[bool, str, str]]) -> Covered:
    if model is None:
        reason = WITHOUT_MODEL.get(table, "")
        return Covered(table, "", exempt=reason, fault="" if reason else "No model of this installation knows it.")
    label = model._meta.label
    if model._meta.label_lower in EXEMPT:
        return Covered(table, label, exempt=EXEMPT[model._meta.label_lower])
    tracking = tracking_of(model)
    missing = sorted(set(TRIGGERS) - set(worn))
    if missing:
        return Covered(
            table, label, fault=f"Without {', '.join(missing)}: run `manage.py makemigrations` and `migrate`."
        )
    if not all(enabled for enabled, _function, _source in worn.values()):
        return Covered(table, label, fault="A trigger is disabled: enable it, and find out who disabled it.")
    if {(function, source) for _enabled, function, source in worn.values()} != {
        (tracking.function, function_body(tracking))
    }:
        return Covered(table, label, fault="Tracked otherwise than its model asks: run `makemigrations` and `migrate`.")
    return Covered(table, label)
