"""The tree of units and what each role allows, kept in the memory of each process for as long as it is true.

Triggers give every change of units, roles and permissions a new version, raw statements included, and whoever asks for
rights reads the version in the same statement. So a change counts in every process from its commit on.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

import orjson
from django.db import connection

VERSION = "(SELECT version FROM access_organisationversion)"
_READ = f"""
SELECT {VERSION},
    (SELECT coalesce(jsonb_object_agg(id, path), '{{}}') FROM access_unit),
    (SELECT coalesce(jsonb_object_agg(t.app_label || '.' || p.codename, p.id), '{{}}')
        FROM auth_permission p JOIN django_content_type t ON t.id = p.content_type_id),
    (SELECT coalesce(jsonb_agg(jsonb_build_array(g.group_id, t.app_label || '.' || p.codename)), '[]')
        FROM auth_group_permissions g JOIN auth_permission p ON p.id = g.permission_id
        JOIN django_content_type t ON t.id = p.content_type_id)
"""  # noqa: S608
_known: dict[UUID, "Organisation"] = {}


@dataclass(frozen=True)
class Organisation:
    """Everything about rights that is the same for everybody."""

    paths: dict[UUID, str] = field(default_factory=dict)
    below: dict[UUID, frozenset[UUID]] = field(default_factory=dict)
    """A unit → itself with everything under it."""
    allowed: dict[int, frozenset[str]] = field(default_factory=dict)
    """A role → its permissions (`app.codename`)."""
    permissions: dict[str, int] = field(default_factory=dict)
    """A permission → the key of its row."""


def organisation(version: UUID | None) -> Organisation:
    """The organisation as it was at this version or stands since; without a version it is read anew each time."""
    known = _known.get(version) if version else None
    return known or _read()


def _read() -> Organisation:
    with connection.cursor() as cursor:
        cursor.execute(_READ)
        version, *columns = cursor.fetchone()
    units, permissions, allowed = (orjson.loads(column) for column in columns)
    paths = {UUID(key): path for key, path in units.items()}
    read = Organisation(paths=paths, below=_below(paths), allowed=_grouped(allowed), permissions=permissions)
    _known.clear()
    if version:
        _known[version] = read
    return read


def _grouped(pairs: Iterable[tuple[int, str]]) -> dict[int, frozenset[str]]:
    found: dict[int, set[str]] = defaultdict(set)
    for role, permission in pairs:
        found[role].add(permission)
    return {role: frozenset(permissions) for role, permissions in found.items()}


def _below(paths: dict[UUID, str]) -> dict[UUID, frozenset[UUID]]:
    keys = {path: key for key, path in paths.items()}
    found: dict[UUID, set[UUID]] = defaultdict(set)
    for key, path in paths.items():
        above = path
        while above in keys:
            found[keys[above]].add(key)
            above = above[: above.rindex("/", 0, -1) + 1]
    return {key: frozenset(units) for key, units in found.items()}
