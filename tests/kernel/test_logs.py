"""What people send or store never reaches a log line, and nothing that they send begins a second one."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path

from config.settings.parts.logging import logging_settings
from config.urls import *  # noqa: F403
from config.urls import urlpatterns as real_patterns

PLANTED = ("planted-password-8841", "stw_plantedtoken8842", "planted.person.8843@example.org", "Planted Person 8844")


def crash(request: HttpRequest) -> HttpResponse:
    raise ValueError(f"cannot read {request.body!r} of {PLANTED}")


def quarrel(request: HttpRequest) -> HttpResponse:
    logging.getLogger("some.library").error("refused %s", PLANTED[3])
    structlog.get_logger("apps.sample").warning("Told a colleague about planted.person.8843@example.org\r\nroot: in")
    return HttpResponse()


urlpatterns = [path("crash/", crash), path("quarrel/", quarrel), *real_patterns]


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """Everything that a production process would write."""
    written = io.StringIO()
    formatter = logging_settings("json")["formatters"]["event"]
    handler = logging.StreamHandler(written)
    handler.setFormatter(formatter.pop("()")(**formatter))
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield written
    root.removeHandler(handler)
    root.setLevel(before)


def events(lines: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines.getvalue().splitlines()]


def test_an_answer_that_a_view_chose_is_no_error_of_ours() -> None:
    unhandled = logging_settings("json")["filters"]["unhandled"]["callback"]

    chosen = logging.makeLogRecord({"msg": "Service Unavailable: /readyz"})
    fallen = logging.makeLogRecord({"msg": "Internal Server Error", "exc_info": (ValueError, ValueError(), None)})

    assert [bool(unhandled(record)) for record in (chosen, fallen)] == [False, True]


@pytest.mark.urls(__name__)
@pytest.mark.django_db
def test_nothing_that_was_sent_is_written_down(lines: io.StringIO) -> None:
    client = Client(raise_request_exception=False)
    password, token, email, name = PLANTED
    query = {"q": email, "token": token}

    for address in ("/crash/", "/quarrel/", "/admin/login/", f"/nobody/{email}/"):
        client.get(address, query, headers={"authorization": f"Bearer {token}", "user-agent": name, "referer": email})
        client.post(f"{address}?q={email}", {"username": email, "password": password, "name": name})
    client.post("/crash/", json.dumps({"password": password, "name": name}), content_type="application/json")

    said = lines.getvalue()
    assert [planted for planted in PLANTED if planted in said] == []
    crashes = [event for event in events(lines) if event.get("error") == "ValueError"]
    assert len(crashes) == 3
    assert any("tests/kernel/test_logs.py" in frame for frame in crashes[0]["where"])


@pytest.mark.urls(__name__)
@pytest.mark.django_db
def test_a_line_names_the_request_the_route_and_the_cost(lines: io.StringIO) -> None:
    Client().get("/robots.txt?x=1", headers={"x-request-id": "request-0001"})

    (line,) = [event for event in events(lines) if event["event"] == "request"]
    assert {key: line[key] for key in ("method", "route", "status", "queries", "request", "source", "level")} == {
        "method": "GET",
        "route": "/robots.txt",
        "status": 200,
        "queries": 0,
        "request": "request-0001",
        "source": "web",
        "level": "info",
    }


@pytest.mark.parametrize("ending", ["\r\n", "\n", "\x1b[2J", "\u2028", "\u2029", "\x85", "\x0b", "\u202e"])
def test_a_value_cannot_begin_a_second_line(lines: io.StringIO, ending: str) -> None:
    structlog.get_logger("apps.sample").warning("one", found=f"a{ending}level=critical forged")
    logging.getLogger("apps.sample").warning("two %s", f"a{ending}forged")

    text = lines.getvalue()
    assert len(text.splitlines()) == 2
    assert "\x1b" not in text
    assert [event["level"] for event in events(lines)] == ["warning", "warning"]


@pytest.mark.parametrize("ending", ["\r\n", "\x1b[2J", "\u2028", "\x85"])
def test_neither_in_the_form_for_people(ending: str) -> None:
    written = io.StringIO()
    formatter = logging_settings("console")["formatters"]["event"]
    handler = logging.StreamHandler(written)
    handler.setFormatter(formatter.pop("()")(**formatter))
    record = logging.LogRecord("apps.sample", logging.WARNING, "x.py", 1, f"a{ending}forged", None, None)

    handler.emit(record)

    assert len(written.getvalue().splitlines()) == 1
    assert "\x1b[2J" not in written.getvalue()


@pytest.mark.django_db
def test_a_broken_constraint_tells_its_kind_and_not_the_value(lines: io.StringIO) -> None:
    users = get_user_model().objects
    users.create_user(PLANTED[2])

    try:
        with transaction.atomic():
            users.create_user(PLANTED[2].upper())
    except IntegrityError:
        structlog.get_logger("apps.sample").exception("not_made")

    (line,) = [event for event in events(lines) if event["event"] == "not_made"]
    assert line["error"] == "IntegrityError"
    assert line["cause"] == "UniqueViolation"
    assert "planted" not in lines.getvalue().lower()
