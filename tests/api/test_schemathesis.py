"""An outside tool asks everything that the document says, as every shipped role: no crash, no surprise.

A short run asks about each operation as one role that may ask for it. `SCHEMATHESIS_EXAMPLES=20` asks each role about
everything, so often for each operation, and walks through the boundaries and the sequences of calls as well.
"""

import json
import os
from collections.abc import Iterable, Iterator
from io import StringIO
from typing import Any

import pytest
import schemathesis
from django.core.cache import cache
from django.core.management import call_command
from schemathesis import engine
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events
from schemathesis.specs.openapi.checks import positive_data_acceptance

from apps.access.routes import api_routes, openapi
from apps.kernel.registry import domains

THOROUGH = int(os.environ.get("SCHEMATHESIS_EXAMPLES", "0"))
DOCUMENTS = {"/api/v1/docs/", "/api/v1/openapi.json"}
BEYOND_A_SCHEMA = {"does_not_exist", "required", "invalid_cursor", "inconsistent"}
"""Refusals of a valid document for what it names: a row, a cursor, or a unit that has to be said by some callers; and
for what its members say together."""
PARAMETERS_OF_A_LIST = "/query/"
"""Those of an export depend on the list that it names."""
REFUSED = ["400", "401", "403", "406", "415", "428"]
CONFIG: dict[str, Any] = {
    "headers": {"If-Match": "*"},
    # JSON Schema cannot say on each text that PostgreSQL holds no NUL; tests/access/test_api_base.py sends one.
    "generation": {"allow-x00": False, "max-examples": THOROUGH or 1, "database": "none", "deterministic": True},
    "phases": {
        "examples": {"enabled": bool(THOROUGH)},
        "coverage": {"enabled": bool(THOROUGH)},
        "fuzzing": {"enabled": True},
        "stateful": {"enabled": bool(THOROUGH)},
    },
    "checks": {
        # A version is compared and a length is measured before a body is read (RFC 9110, 13.2.1).
        "negative_data_rejection": {
            "expected-statuses": [*REFUSED, "404", "405", "409", "411", "412", "413", "429"],
        },
        # 428 is the answer to a change without its version (RFC 6585).
        "missing_required_header": {"expected-statuses": [*REFUSED, "404"]},
        # Replaced by `valid_data_acceptance` below, which knows what no schema can say.
        "positive_data_acceptance": {"enabled": False},
    },
}


@schemathesis.check
def valid_data_acceptance(ctx: Any, response: Any, case: Any) -> bool | None:
    if response.status_code == 400 and response.json()["code"] == "invalid":
        errors = response.json()["errors"]
        codes = {error["code"] for error in errors if not error["pointer"].startswith(PARAMETERS_OF_A_LIST)}
        if codes <= BEYOND_A_SCHEMA:
            return None
    return positive_data_acceptance(ctx, response, case)


@pytest.fixture
def personas(transactional_db: None) -> dict[str, str]:
    """Role → token of its persona in the north."""
    cache.clear()
    out = StringIO()
    call_command("seed", "--json", "--force", stdout=out)
    return {user["role"]: user["token"] for user in json.loads(out.getvalue())["users"] if user["unit"] == "north"}


def shares(roles: Iterable[str]) -> dict[str, list[str]]:
    """Role → what it asks: each operation is for the one with the fewest among those that carry its permission."""
    carried = {
        role.slug: {name if "." in name else f"{label}.{name}" for name in role.permissions}
        for label, role in domains.roles()
    }
    asked: dict[str, list[str]] = {slug: [] for slug in roles}
    for route in api_routes():
        if route.path not in DOCUMENTS:
            holders = [slug for slug in asked if route.permission in carried[slug]] or list(asked)
            asked[min(holders, key=lambda slug: len(asked[slug]))].append(f"{route.method} {route.path}")
    return asked


def complaints(schema: Any) -> Iterator[str]:
    for event in engine.from_schema(schema).execute():
        if isinstance(event, events.NonFatalError):
            yield f"{event.label}: {event.value}"
        if isinstance(event, events.ScenarioFinished):
            for nodes in event.recorder.checks.values():
                for node in nodes:
                    if node.failure_info is not None:
                        yield f"{node.name}: {node.failure_info.failure}\n{node.failure_info.code_sample}"


@pytest.mark.timeout(7200 if THOROUGH else 600)
def test_the_document_holds_for_every_role(personas, live_server):
    document, found, asked = json.loads(openapi()), [], shares(personas)
    assert all(asked.values())
    for slug, token in personas.items():
        config = SchemathesisConfig.from_dict({**CONFIG, "base-url": live_server.url})
        schema = schemathesis.openapi.from_dict(document, config=config)
        schema.config.update(headers={"Authorization": f"Bearer {token}", "If-Match": "*"}, base_url=live_server.url)
        if not THOROUGH:
            schema = schema.include(name=asked[slug])
        found += [f"{slug}: {said}" for said in complaints(schema)]

    if found:
        pytest.fail("\n".join(found), pytrace=False)
