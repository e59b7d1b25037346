"""What of a row may be shown to the person it names: their own values, and of others only that something is there."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from apps.kernel.classification import (
    ACTIVITIES,
    Actor,
    Classification,
    CoSubject,
    File,
    FreeText,
    Json,
    Kind,
    Named,
    Owner,
    Same,
    Secret,
    Technical,
)
from apps.privacy.graph import Model
from apps.privacy.subjects import Found

OTHERS = {"redacted": "other person", "ground": "A15-4"}


@dataclass
class Shown:
    """One line of `records/`, and what was kept back from it."""

    line: dict[str, Any]
    redacted: list[str] = field(default_factory=list)
    withheld: list[tuple[str, str]] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    portable: dict[str, Any] = field(default_factory=dict)


def plain(value: Any) -> Any:
    """Decimals and keys as text, moments in RFC 3339 with their offset."""
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    if isinstance(value, Decimal | timedelta):
        return str(value)
    return value if value is None or isinstance(value, bool | int | float | str | list | dict) else str(value)


def _says_nothing(item: Any, value: Any) -> bool:
    """Keys, moments, numbers and states of a row that is about somebody else; its words stay theirs."""
    return item.primary_key or bool(item.choices) or isinstance(value, bool | int | float | Decimal | date | time)


def show(model: Model, declared: Classification, found: Found) -> Shown:
    roles = sorted({way.role for way in found.named})
    line: dict[str, Any] = {
        "_id": str(found.row[model._meta.pk.attname]),
        "_role": ", ".join(roles),
        "_activity": declared.activity,
        "_links": {},
        "fields": {},
        "_redacted": [],
    }
    shown = Shown(line=line)
    relations = {item.name: item for item in model._meta.concrete_fields if item.is_relation}
    for name, item in relations.items():
        _link(shown, name, found.row[item.attname], declared, found)
    kinds = declared.kinds()
    for name in sorted(kinds):
        if name not in relations and name in found.row:
            kind = kinds[name]
            if not kind.is_personal and not kind.about and _says_nothing(model._meta.get_field(name), found.row[name]):
                kind = replace(kind, about="shared")
            _field(shown, name, found.row[name], kind, declared, found)
    line["_redacted"] = sorted(set(shown.redacted))
    return shown


def _link(shown: Shown, name: str, value: Any, declared: Classification, found: Found) -> None:
    edge = declared.edges.get(name)
    if value is None:
        return
    leads_to_person = isinstance(edge, Owner | CoSubject | Actor | Named | Same)
    if leads_to_person and name not in {way.edge for way in found.named} and not _is_self(found):
        shown.line["_links"][name] = {**OTHERS, "role": getattr(edge, "role", name)}
        shown.redacted.append(name)
    else:
        shown.line["_links"][name] = str(value)


def _is_self(found: Found) -> bool:
    return any(way.lookup == "pk" for way in found.named)


def _field(shown: Shown, name: str, value: Any, kind: Kind, declared: Classification, found: Found) -> None:
    if value in (None, "", {}, []) or kind.export == "omit":
        return
    if isinstance(kind, Json):
        for path, inner_value, inner in _inside(value, kind):
            if inner is None:
                shown.withheld.append((f"{name} {path}", "nothing says what stands here; somebody must look"))
            else:
                _field(shown, f"{name}{path.removeprefix('$')}", inner_value, inner, declared, found)
        return
    if not _is_theirs(name, kind, found):
        role = getattr(declared.edges.get(kind.about), "role", kind.about or "somebody else")
        shown.line["fields"][name] = {**OTHERS, "role": role}
        shown.redacted.append(name)
    elif isinstance(kind, Secret) or kind.export == "held":
        shown.line["fields"][name] = {"held": True}
    elif kind.export == "review" or (isinstance(kind, FreeText) and kind.about == "any"):
        shown.withheld.append((name, "text in which other people may stand; somebody must look first"))
    else:
        _disclose(shown, name, value, kind, declared)


def _disclose(shown: Shown, name: str, value: Any, kind: Kind, declared: Classification) -> None:
    entry = {"v": plain(value), "c": getattr(kind, "category", ""), "o": kind.origin}
    shown.line["fields"][name] = {key: said for key, said in entry.items() if said != "" or key == "v"}
    if isinstance(kind, File):
        shown.files.append(str(value))
    activity = ACTIVITIES.get(declared.activity)
    consented = activity is not None and activity.basis in ("A6-1-a", "A6-1-b")
    if kind.is_personal and consented and kind.origin in ("provided", "observed"):
        shown.portable[name] = plain(value)


def _is_theirs(name: str, kind: Kind, found: Found) -> bool:
    """Whether the value describes this person, and not somebody whom the row names beside them."""
    if kind.about in ("any", "shared") or (not kind.is_personal and found.is_theirs):
        return True
    if kind.about == "other":
        return False
    if kind.about:
        return kind.about in {way.edge for way in found.named}
    return found.is_theirs or name in {way.lookup for way in found.named}


def _inside(value: Any, kind: Json, path: str = "$") -> Iterator[tuple[str, Any, Kind | None]]:
    known = kind.paths.get(path) or kind.paths.get(f"{path.rpartition('.')[0]}.*")
    if known is not None:
        yield path, value, known
    elif isinstance(value, Mapping) and value:
        for key in sorted(value):
            yield from _inside(value[key], kind, f"{path}.{key}")
    elif value not in (None, "", {}, []):
        yield path, value, None


def schema_of(model: Model, declared: Classification) -> dict[str, Any]:
    """JSON Schema (2020-12) of the lines of this model."""
    value = {
        "type": "object",
        "properties": {"v": {}, "c": {"type": "string"}, "o": {"type": "string"}, "held": {"const": True}},
    }
    fields = {name: value for name, kind in sorted(declared.kinds().items()) if not isinstance(kind, Json)}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": str(model._meta.verbose_name),
        "type": "object",
        "required": ["_id", "_role", "_activity", "_links", "fields", "_redacted"],
        "properties": {
            "_id": {"type": "string"},
            "_role": {"type": "string"},
            "_activity": {"type": "string"},
            "_links": {"type": "object"},
            "fields": {"type": "object", "properties": fields},
            "_redacted": {"type": "array", "items": {"type": "string"}},
        },
        "$comment": f"{sum(isinstance(kind, Technical) for kind in declared.kinds().values())} technical fields",
    }
