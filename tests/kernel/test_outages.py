"""What a caller outside the API's views is told while the database or the cache is away."""

import pytest
from django.db import OperationalError
from django.test import Client, override_settings
from django.urls import path
from redis.exceptions import ConnectionError as CacheUnreachable

from config import urls

handler500 = urls.handler500


def falls(error: Exception):
    def view(request):
        raise error

    return view


urlpatterns = [
    path("database", falls(OperationalError("connection to 10.0.0.7 refused"))),
    path("cache", falls(CacheUnreachable("10.0.0.8"))),
    path("crash", falls(ValueError("somebody@example.org"))),
    path("api/v1/database", falls(OperationalError("connection to 10.0.0.7 refused"))),
]


@pytest.mark.parametrize(
    ("where", "status", "wait", "sentence"),
    [
        ("/database", 503, "2", "The database does not answer. Try again in a moment."),
        ("/cache", 503, "2", "The cache does not answer. Try again in a moment."),
        ("/crash", 500, None, "Something broke on our side. It has been recorded."),
    ],
)
@pytest.mark.django_db
@override_settings(ROOT_URLCONF=__name__)
def test_an_outage_is_told_from_a_crash(where, status, wait, sentence):
    answer = Client(raise_request_exception=False).get(where)

    assert (answer.status_code, answer.get("Retry-After")) == (status, wait)
    assert sentence in answer.text
    assert "10.0.0" not in answer.text
    assert "somebody@" not in answer.text


@override_settings(ROOT_URLCONF=__name__)
def test_below_the_api_an_outage_is_a_problem():
    answer = Client(raise_request_exception=False).get("/api/v1/database")

    assert (answer.status_code, answer["Retry-After"]) == (503, "2")
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "database_unavailable"
