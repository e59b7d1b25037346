"""Every door of the API with the permission it asks for, read from the URL resolver."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver
from drf_spectacular.generators import SchemaGenerator

from apps.kernel.registry import domains

API = "api/v1/"
PERMISSIONS_PAGE = """# Permissions

Every door of the API, the permission it asks for and the roles that carry it. A role opens a door in the units where it
is held and below: a row elsewhere does not exist (404), a verb without the permission is refused (403).

| method | path | permission | roles |
|---|---|---|---|
"""


@dataclass(frozen=True, kw_only=True)
class Route:
    """One method of one path. `permission` is empty where the view says itself what it asks."""

    path: str
    method: str
    view: type
    permission: str
    detail: bool


def callbacks(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, Any]]:
    for pattern in resolver.url_patterns:
        path = prefix + str(pattern.pattern).removeprefix("^").removesuffix("$").removesuffix("\\Z")
        if isinstance(pattern, URLResolver):
            yield from callbacks(pattern, path)
        elif isinstance(pattern, URLPattern):
            yield path, pattern.callback


def _readable(pattern: str) -> str:
    """A route's expression as people write it: `/api/v1/customers/{id}/`."""
    named = re.sub(r"\(\?P<(\w+)>[^)]+\)", r"{\1}", pattern)
    return named.replace("{pk}", "{id}").replace("\\.", ".")


def api_routes() -> list[Route]:
    """Sorted by path and method."""
    routes = []
    for path, callback in callbacks(get_resolver()):
        view = getattr(callback, "cls", None)
        if view is None or not path.startswith(API):
            continue
        for method, name in (getattr(callback, "actions", None) or dict.fromkeys(view.http_method_names, "")).items():
            if method not in view.http_method_names or not hasattr(view, name or method) or method == "options":
                continue
            instance = view(**callback.initkwargs)
            instance.action = name
            asks = getattr(instance, "required_permission", None)
            routes.append(
                Route(
                    path="/" + _readable(path),
                    method=method.upper(),
                    view=view,
                    permission=asks() if asks and name else "",
                    detail=bool(callback.initkwargs.get("detail")),
                )
            )
    return sorted((route for route in routes if route.method != "HEAD"), key=lambda route: (route.path, route.method))


@cache
def lists() -> dict[str, Any]:
    """Name of a resource, as in `customers` or `access/assignments` → the callback that answers its list."""
    return {
        path.removeprefix(API).strip("/"): callback
        for path, callback in callbacks(get_resolver())
        if path.startswith(API) and getattr(callback, "actions", {}).get("get") == "list"
    }


def permission_table() -> str:
    """`docs/generated/permissions.md`: who may use which door, within the units where the role is held."""
    holders: dict[str, list[str]] = {}
    for label, role in domains.roles():
        for codename in role.permissions:
            permission = codename if "." in codename else f"{label}.{codename}"
            holders.setdefault(permission, []).append(role.slug)
    rows = [
        f"| {route.method} | `{route.path}` | {route.permission or 'its own rule'} "
        f"| {', '.join(sorted(holders.get(route.permission, []))) or 'as that rule says'} |"
        for route in api_routes()
    ]
    return PERMISSIONS_PAGE + "\n".join(rows) + "\n"


def openapi() -> str:
    """`docs/generated/openapi.json`: the document that `/api/v1/openapi.json` serves."""
    return json.dumps(SchemaGenerator().get_schema(public=True), indent=1, sort_keys=True, default=str) + "\n"
