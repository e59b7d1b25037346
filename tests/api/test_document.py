"""The OpenAPI document and the API say the same."""

import json
import re

import pytest
from django.core.management import call_command
from django.urls import reverse
from jsonschema import Draft202012Validator

from apps.access.routes import api_routes, openapi
from apps.kernel.problems import REFUSALS

DOCUMENTS = {"/api/v1/docs/", "/api/v1/openapi.json"}
"""The document itself and the page that shows it."""


@pytest.fixture(scope="module")
def document() -> dict:
    return json.loads(openapi())


@pytest.fixture(scope="module")
def operations(document) -> dict:
    return {
        (path, method.upper()): operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }


def test_what_is_served_is_documented_and_what_is_documented_is_served(operations):
    served = {(route.path, route.method) for route in api_routes() if route.path not in DOCUMENTS}

    assert set(operations) == served


def test_the_document_is_valid_and_without_a_warning(document, tmp_path):
    call_command("spectacular", validate=True, fail_on_warn=True, file=str(tmp_path / "openapi.yaml"))

    assert document["openapi"] == "3.1.0"


def test_the_served_document_is_this_one(client, document):
    served = client.get("/api/v1/openapi.json")

    assert served.json() == document


def test_every_operation_has_a_readable_name_of_its_own(operations):
    names = [operation["operationId"] for operation in operations.values()]

    assert len(names) == len(set(names))
    assert [name for name in names if not re.fullmatch("[a-z]+(_[a-z]+)+", name)] == []
    assert operations["/api/v1/customers/{id}/close/", "POST"]["operationId"] == "customers_close"
    assert operations["/api/v1/customers/", "GET"]["operationId"] == "customers_list"


def test_every_operation_says_what_it_does_who_may_and_what_can_go_wrong(operations):
    for where, operation in operations.items():
        assert operation["summary"], where
        assert operation["tags"], where
        assert {"token": []} in operation["security"], where
        assert any("oauth" in way for way in operation["security"]), where
        assert {"400", "401", "403", "405", "406", "429", "503"} <= set(operation["responses"]), where


def test_a_change_of_a_row_names_its_version(operations):
    change = operations["/api/v1/customers/{id}/", "PATCH"]

    assert "If-Match" in {parameter["name"] for parameter in change["parameters"]}
    assert "412" in change["responses"]
    assert set(change["responses"]["200"]["headers"]) == {"ETag", "X-Request-ID"}
    created = operations["/api/v1/customers/", "POST"]["responses"]["201"]
    assert set(created["headers"]) == {"ETag", "Location", "X-Request-ID"}


def test_every_body_has_an_example_that_fits_its_schema(document, operations):
    checked = 0
    for where, operation in operations.items():
        for body in (operation.get("requestBody", {}), *operation["responses"].values()):
            for media_type, media in body.get("content", {}).items():
                if media_type == "application/json":
                    validator = Draft202012Validator({**media["schema"], "components": document["components"]})
                    assert list(validator.iter_errors(media["example"])) == [], where
                    checked += 1

    assert checked > len(operations)


def test_every_refusal_is_a_problem_document_with_its_code(document):
    for name, response in document["components"]["responses"].items():
        content = response["content"]["application/problem+json"]
        assert content["schema"] == {"$ref": "#/components/schemas/Problem"}, name
        assert content["example"]["code"] in {code for _status, code, _sentence in REFUSALS}, name


def test_every_code_of_a_refusal_is_explained_where_its_type_leads(client):
    page = client.get(reverse("problems")).text

    assert [code for _status, code, _sentence in REFUSALS if f'id="{code}"' not in page] == []
    assert 'id="already_closed"' in page
