"""What a SIEM is told in its own tongue: every act has its word, nothing personal leaves, and no number is missing."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from django.utils import timezone
from jsonschema import Draft202012Validator
from ocsf.v1_7_0.events import Authentication, EntityManagement

from apps.access.models import Unit
from apps.audit.models import AuditLeaf, Receiver
from apps.audit.receivers import ecs, ocsf
from apps.audit.receivers.configuration import Webhook
from apps.audit.receivers.delivery import deliver
from apps.audit.receivers.forms import forms
from apps.kernel.trail import Action, record
from tests.audit.receiving import Post, certificate, https
from tests.audit.sealing import seal_everything
from tests.sample.models import Person

pytestmark = pytest.mark.django_db
ACTOR, OBJECT = "01900000-0000-7000-8000-00000000ac70", "018f0000-0000-7000-8000-0000000049b5"
SECRET = bytes(range(32))

OCSF = {
    Action.CREATE: (300401, "Create", "Success", "Informational"),
    Action.UPDATE: (300403, "Update", "Success", "Informational"),
    Action.DELETE: (300404, "Delete", "Success", "Informational"),
    Action.ACCESS: (300402, "Read", "Success", "Informational"),
    Action.EXPORT: (300499, "Export", "Success", "Informational"),
    Action.LOGIN: (300201, "Logon", "Success", "Informational"),
    Action.LOGOUT: (300202, "Logoff", "Success", "Informational"),
    Action.LOGIN_FAILED: (300201, "Logon", "Failure", "Medium"),
    Action.REFUSED: (300499, "Refused", "Failure", "Medium"),
    Action.TOKEN_ISSUED: (300401, "Create", "Success", "Informational"),
    Action.TOKEN_REVOKED: (300404, "Delete", "Success", "Informational"),
    Action.REDACTED: (300499, "Redacted", "Success", "Medium"),
    Action.DDL: (300499, "Ddl", "Success", "Medium"),
    Action.OPERATED: (300499, "Operated", "Success", "Informational"),
}
ECS = {
    Action.CREATE: ("database", "creation", "success"),
    Action.UPDATE: ("database", "change", "success"),
    Action.DELETE: ("database", "deletion", "success"),
    Action.ACCESS: ("database", "access", "success"),
    Action.EXPORT: ("database", "access", "success"),
    Action.LOGIN: ("authentication", "start", "success"),
    Action.LOGOUT: ("authentication", "end", "success"),
    Action.LOGIN_FAILED: ("authentication", "start", "failure"),
    Action.REFUSED: ("api", "denied", "failure"),
    Action.TOKEN_ISSUED: ("iam", "creation", "success"),
    Action.TOKEN_REVOKED: ("iam", "deletion", "success"),
    Action.REDACTED: ("database", "deletion", "success"),
    Action.DDL: ("database", "change", "success"),
    Action.OPERATED: ("api", "admin", "success"),
}
TYPES_OF_CATEGORY = {
    "api": ["access", "admin", "allowed", "change", "creation", "deletion", "denied", "end", "info", "start", "user"],
    "authentication": ["start", "end", "info"],
    "database": ["access", "change", "creation", "deletion", "info", "error"],
    "iam": ["admin", "change", "creation", "deletion", "group", "info", "user"],
}
"""The expected event types of each category, from the field reference of ECS 8.17."""
KEYWORD = {"type": "string", "minLength": 1, "maxLength": 1024}
ECS_SCHEMA = {
    "type": "object",
    "required": ["@timestamp", "ecs", "event", "message"],
    "additionalProperties": False,
    "properties": {
        "@timestamp": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$"},
        "message": {"type": "string"},
        "ecs": {"type": "object", "properties": {"version": {"const": "8.17.0"}}, "required": ["version"]},
        "event": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "kind": {"const": "event"},
                "category": {"type": "array", "items": {"enum": list(TYPES_OF_CATEGORY)}, "minItems": 1},
                "type": {"type": "array", "items": KEYWORD, "minItems": 1},
                "outcome": {"enum": ["success", "failure", "unknown"]},
                "sequence": {"type": "integer"},
                **dict.fromkeys(("action", "id", "module", "dataset", "provider"), KEYWORD),
            },
        },
        "user": {"type": "object", "additionalProperties": False, "properties": {"id": KEYWORD}},
        "organization": {"type": "object", "additionalProperties": False, "properties": {"id": KEYWORD}},
        "service": {"type": "object", "additionalProperties": False, "properties": {"name": KEYWORD}},
        "http": {
            "type": "object",
            "properties": {"request": {"type": "object", "properties": {"id": KEYWORD}, "additionalProperties": False}},
        },
        "labels": {"type": "object", "additionalProperties": KEYWORD},
        "steward": {"type": "object"},
    },
}


def said(action: Action, **more: Any) -> dict[str, Any]:
    known = {"s": 41, "t": "2026-11-21T10:00:00.123456Z", "m": "customers.customer", "o": OBJECT, "a": int(action)}
    return known | {"u": ACTOR, "q": "r-1", "c": {}, "d": {}, "e": 57, "x": 9, "w": "admin", "l": "app"} | more


@pytest.mark.parametrize("nobody", [{}, {"u": None, "o": "", "q": ""}], ids=["somebody", "nobody"])
@pytest.mark.parametrize("action", Action)
def test_every_act_is_an_event_of_the_framework(action: Action, nobody: dict[str, Any]):
    event = ocsf.event(said(action, **nobody))

    model = Authentication if event["class_uid"] == 3002 else EntityManagement
    assert model.model_validate(event).model_extra == {}
    if action in OCSF:
        told = (event["type_uid"], event["activity_name"], event["status"], event["severity"])
        assert told == OCSF[action]


def test_an_event_says_who_what_when_and_where_in_the_log():
    event = ocsf.event(said(Action.UPDATE, c={"status": ["active", "closed"]}, n=OBJECT, w="database"))

    assert event["time"] == 1_795_255_200_123
    assert event["actor"] == {"user": {"uid": ACTOR, "type_id": 1, "type": "User"}}
    assert event["entity"] == {"type": "customers.customer", "type_id": 99, "name": "customers.customer", "uid": OBJECT}
    assert event["metadata"]["sequence"] == 41
    assert event["metadata"]["uid"] == "57"
    assert event["metadata"]["correlation_uid"] == "r-1"
    assert event["severity"] == "Medium"
    assert event["unmapped"] == {
        "source": "database",
        "unit": OBJECT,
        "database_login": "app",
        "changes": {"status": ["active", "closed"]},
    }


@pytest.mark.parametrize("nobody", [{}, {"u": None, "o": "", "q": ""}], ids=["somebody", "nobody"])
@pytest.mark.parametrize("action", Action)
def test_every_act_is_a_document_of_the_common_schema(action: Action, nobody: dict[str, Any]):
    document = ecs.document(said(action, **nobody))

    Draft202012Validator(ECS_SCHEMA).validate(document)
    event = document["event"]
    [category], [kind] = event["category"], event["type"]
    assert kind in TYPES_OF_CATEGORY[category]
    if action in ECS:
        assert (category, kind, event["outcome"]) == ECS[action]


def test_a_change_of_rights_is_told_as_one():
    document = ecs.document(said(Action.DELETE, m="access.assignment"))

    assert document["event"]["category"] == ["iam"]
    assert document["message"] == f"delete access.assignment {OBJECT}"


@pytest.fixture
def sealed(transactional_db: None, unit: Unit) -> list[dict[str, Any]]:
    person = Person.objects.create(unit=unit, number="P-1", name="Ada Lovelace", email="ada@example.org")
    person.name = "Ada King"
    person.save()
    record(Action.EXPORT, model="sample.person", objects=[person.pk])
    seal_everything()
    return [orjson.loads(bytes(line)) for line in AuditLeaf.objects.order_by("sequence").values_list("line", flat=True)]


@pytest.mark.parametrize("form", ["ocsf", "ecs"])
def test_no_personal_value_leaves_but_its_digest(sealed: list[dict[str, Any]], form: str):
    lines = b"\n".join(forms[form](orjson.dumps(leaf)) for leaf in sealed)

    told = next(leaf for leaf in sealed if leaf["m"] == "sample.person")
    assert told["d"]["name"].encode() in lines
    assert not [word for word in (b"Ada", b"ada@example.org", b"King") if word in lines]


@pytest.fixture
def post(tmp_path: Path) -> Iterator[Post]:
    with https(certificate(tmp_path)) as post:
        yield post


def test_a_siem_that_was_out_for_a_day_gets_every_number_in_order(
    sealed: list[dict[str, Any]], post: Post, tmp_path: Path, settings: Any, unit: Unit
):
    siem = Webhook(
        name="siem", what="entries", form="ocsf", url=post.url, secret=SECRET, ca_file=str(tmp_path / "certificate.pem")
    )
    settings.AUDIT_RECEIVERS = (siem,)
    Receiver.objects.create(name=siem.name, what=siem.what)
    post.status = 500
    deliver(siem, now=timezone.now())
    Person.objects.create(unit=unit, number="P-2", name="Bob")
    seal_everything()
    deliver(siem, now=timezone.now())
    refused = len(post.requests)

    post.status = 204
    while deliver(siem, now=timezone.now()).sent:
        pass

    taken = [orjson.loads(line) for request in post.requests[refused:] for line in request.body.splitlines()]
    assert refused == 2
    assert [event["metadata"]["sequence"] for event in taken] == list(range(AuditLeaf.objects.count()))
    sealed_entries = AuditLeaf.objects.order_by("sequence").values_list("event", flat=True)
    assert [event["metadata"]["uid"] for event in taken] == [str(key) for key in sealed_entries]
