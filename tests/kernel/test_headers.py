"""The headers of protection stand on every answer, on those above all that no view gives."""

import pytest
from django.test import Client

HEADERS = {
    "X-Content-Type-Options",
    "Content-Security-Policy",
    "Referrer-Policy",
    "X-Frame-Options",
    "Cross-Origin-Opener-Policy",
    "X-Request-ID",
}


@pytest.mark.parametrize(
    ("path", "host", "status"),
    [
        ("/api/v1/nowhere/", "localhost", 404),
        ("/livez", "evil.example", 400),
        ("/static/nothing.css", "evil.example", 400),
        ("/accounts/sessions", "localhost", 301),
    ],
)
def test_every_answer_carries_them(path, host, status):
    answer = Client(headers={"host": host}).get(path)

    assert answer.status_code == status
    assert HEADERS - set(answer.headers) == set()


def test_programs_get_the_same_content_policy_as_everybody(make_user, api):
    with_token = api(make_user("administrator")).get("/api/v1/units/").headers["Content-Security-Policy"]
    without = Client().get("/api/v1/units/").headers["Content-Security-Policy"]

    assert set(with_token.split("; ")) == set(without.split("; "))
    assert {"default-src 'self'", "frame-ancestors 'none'", "object-src 'none'"} <= set(with_token.split("; "))


def test_answers_of_the_api_are_stored_nowhere_but_with_their_reader(make_user, api):
    client = api(make_user("administrator"))

    assert client.get("/api/v1/units/").headers["Cache-Control"] == "private, no-cache"
    assert client.get("/api/v1/access/me/").headers["Cache-Control"] == "no-store"
    assert client.get("/api/v1/units/?nmae=x").headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("method", ["TRACE", "PROPFIND"])
def test_a_method_of_no_view_is_refused_as_a_problem(method):
    answer = Client().generic(method, "/api/v1/units/")

    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert (answer["Content-Type"], "GET" in answer["Allow"]) == ("application/problem+json", True)
