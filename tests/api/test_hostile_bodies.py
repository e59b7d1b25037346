"""Whatever is sent to an operation that writes, it answers with a problem and stores nothing."""

import pytest
from django.apps import apps

from apps.access.routes import Route, api_routes
from apps.events.models import Work
from tests.architecture.rows import row_of

JSON = "application/json"
BODIES = {
    "cut": (JSON, b'{"name": '),
    "a list": (JSON, b"[1, 2]"),
    "a text": (JSON, b'"name"'),
    "null": (JSON, b"null"),
    "NaN": (JSON, b'{"name": NaN}'),
    "a key twice": (JSON, b'{"name": "a", "name": "b"}'),
    "deep": (JSON, b'{"name": ' + b"[" * 10_000),
    "a long number": (JSON, b'{"quantity": ' + b"9" * 5_000 + b"}"),
    "a huge number": (JSON, b'{"quantity": 1e999, "number": 99999999999999999999999999}'),
    "a NUL": (JSON, b'{"name": "a\\u0000b"}'),
    "half a pair": (JSON, b'{"name": "\\ud800"}'),
    "not UTF-8": (JSON, b'{"name": "\xff\xfe"}'),
    "another alphabet": ("application/json; charset=utf-16", '{"name": "a"}'.encode("utf-16")),
    "XML": ("application/xml", b"<name>a</name>"),
    "a form": ("application/x-www-form-urlencoded", b"name=a"),
    "a broken form": ("multipart/form-data; boundary=x", b"--x\r\nnot a part"),
    "a form without its boundary": ("multipart/form-data", b"name=a"),
    "no type": ("", b'{"name": "a"}'),
    "a strange type": ("\x7f/\x7f", b'{"name": "a"}'),
    "unknown fields": (JSON, b'{"nmae": "a", "__proto__": {}, "id": "x", "": 1}'),
    "wrong types": (JSON, b'{"name": {"a": 1}, "number": [], "reason": 7, "rows": {}, "lines": "x"}'),
}
GIVEN = {Work: {"kind": Work.Kind.JOB}}
"""What a row of a kind has to say to be one."""
WRITING = [
    pytest.param(route, id=f"{route.method} {route.path}")
    for route in api_routes()
    if route.method in {"POST", "PUT", "PATCH", "DELETE"}
]


def stored() -> dict[str, int]:
    """How many rows there are of each kind. The trail and the note of a token's last use are not the caller's."""
    ours = (model for model in apps.get_models() if model._meta.app_label not in {"audit", "contenttypes"})
    return {model._meta.label: model._default_manager.count() for model in ours if model._meta.managed}


@pytest.mark.parametrize("route", WRITING)
def test_no_hostile_body_is_stored_or_breaks_anything(writer, unit, route: Route):
    model = route.view.queryset.model
    row = row_of(model, unit, **GIVEN.get(model, {})) if route.detail else None
    path = route.path.replace("{id}", str(row.pk) if row else "").replace("{name}", "nothing")
    rows = model._default_manager.filter(pk=row and row.pk).values()
    # A deletion takes no meaning from a body, so it is stopped by its version.
    version = '"0"' if route.method == "DELETE" else "*"
    before, kept = stored(), list(rows)
    wrong = []

    for name, (content_type, body) in BODIES.items():
        answer = writer.generic(route.method, path, body, content_type, headers={"If-Match": version})
        is_problem = answer["Content-Type"] == "application/problem+json" and answer.json()["code"]
        if not 400 <= answer.status_code < 500 or not is_problem:
            wrong.append(f"{name}: {answer.status_code} {answer.text[:200]}")

    assert wrong == []
    assert stored() == before
    assert list(rows.all()) == kept
