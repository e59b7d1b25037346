"""What machines ask, over real HTTP answers."""

from collections.abc import Iterator
from threading import Event
from typing import Any

import pytest
from django.test import Client

from apps.kernel import health, metrics


@pytest.fixture
def broken_check() -> Iterator[None]:
    @health.ready("sample")
    def _sample() -> None:
        raise health.NotReady("The sample is empty.")

    yield
    del health._checks["sample"]


def test_alive_asks_no_database(client: Client) -> None:
    response = client.get("/livez")

    assert (response.status_code, response.json()) == (200, {"status": "alive"})


@pytest.mark.django_db(transaction=True)
def test_ready_names_every_part_to_operators(client: Client) -> None:
    response = client.get("/readyz")

    checks = response.json()["checks"]
    assert {"database", "migrations", "cache", "storage"} <= checks.keys()
    assert {name: checks[name] for name in ("database", "migrations", "cache", "storage")} == {
        name: {"ok": True, "detail": "ok"} for name in ("database", "migrations", "cache", "storage")
    }


@pytest.mark.django_db(transaction=True)
def test_one_failing_part_means_not_ready(client: Client, broken_check: None) -> None:
    response = client.get("/readyz")

    assert response.status_code == 503
    assert response.json()["status"] == "not ready"
    assert response.json()["checks"]["sample"] == {"ok": False, "detail": "The sample is empty."}


@pytest.mark.django_db(transaction=True)
def test_a_stranger_learns_the_outcome_only(client: Client, broken_check: None) -> None:
    response = client.get("/readyz", REMOTE_ADDR="203.0.113.9")

    assert (response.status_code, response.json()) == (503, {"status": "not ready"})


def test_a_check_that_hangs_fails_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    never = Event()
    monkeypatch.setattr(health, "SECONDS", 0.2)
    monkeypatch.setattr(health, "_checks", {"stuck": lambda: never.wait(5) and None})

    ready, said = health.report()

    never.set()
    assert ready is False
    assert said == {"stuck": {"ok": False, "detail": "No answer within 0.2 s."}}


@pytest.mark.django_db
def test_figures_are_for_operators(client: Client, settings: Any) -> None:
    settings.OPERATIONS_TOKEN = "of-the-operators"

    stranger = client.get("/metrics", REMOTE_ADDR="203.0.113.9")
    wrong = client.get("/metrics", REMOTE_ADDR="203.0.113.9", headers={"authorization": "Bearer of-nobody"})
    operator = client.get("/metrics", REMOTE_ADDR="203.0.113.9", headers={"authorization": "Bearer of-the-operators"})

    assert [answer.status_code for answer in (stranger, wrong, operator)] == [403, 403, 200]


@pytest.mark.django_db
def test_a_request_is_counted_by_its_route(client: Client) -> None:
    client.get("/robots.txt?who=a@example.org")

    text = client.get("/metrics").content.decode()
    assert 'steward_http_request_seconds_count{method="GET",route="/robots.txt",status="200"}' in text
    assert 'steward_http_request_queries_count{route="/robots.txt"}' in text
    assert "example.org" not in text


@pytest.mark.django_db
def test_an_app_adds_a_gauge(client: Client) -> None:
    measured = metrics.gauge("steward_sample_rows", "Rows of the sample.", label="kind")(lambda: {"old": 2, "new": 3})

    text = client.get("/metrics").content.decode()

    assert measured() == {"old": 2, "new": 3}
    assert 'steward_sample_rows{kind="old"} 2.0' in text


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/static/admin/css/base.css", "/nothing"])
def test_a_foreign_host_is_refused_on_every_route(client: Client, path: str) -> None:
    assert client.get(path, headers={"host": "evil.example"}).status_code == 400


def test_trace_is_refused(client: Client) -> None:
    assert client.trace("/livez").status_code == 405


def test_whom_to_tell_about_a_hole(client: Client) -> None:
    response = client.get("/.well-known/security.txt")

    lines = response.content.decode().splitlines()
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert [line.split(":")[0] for line in lines] == ["Contact", "Expires", "Canonical", "Preferred-Languages"]


def test_only_the_admin_may_evaluate(client: Client) -> None:
    admin, site = client.get("/admin/login/"), client.get("/robots.txt")

    assert "'unsafe-eval'" in admin["Content-Security-Policy"]
    assert "unsafe" not in site["Content-Security-Policy"]
