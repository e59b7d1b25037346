"""Forwarding headers are believed from configured proxies only."""

from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path


def tell(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"{request.META['REMOTE_ADDR']} {request.scheme} {'HTTP_X_FORWARDED_FOR' in request.META}")


urlpatterns = [path("tell/", tell)]


@pytest.mark.urls(__name__)
@pytest.mark.parametrize(
    ("peer", "chain", "told"),
    [
        ("10.0.0.1", "203.0.113.9", "203.0.113.9 https False"),
        ("10.0.0.1", "198.51.100.7, 203.0.113.9, 10.0.0.2", "203.0.113.9 https False"),
        ("10.0.0.1", "no address", "10.0.0.1 https False"),
        ("203.0.113.50", "127.0.0.1", "203.0.113.50 http False"),
    ],
)
def test_the_nearest_hop_that_is_no_proxy_is_the_client(settings: Any, peer: str, chain: str, told: str) -> None:
    settings.TRUSTED_PROXIES = ["10.0.0.0/8"]

    response = Client().get(
        "/tell/", REMOTE_ADDR=peer, headers={"x-forwarded-for": chain, "x-forwarded-proto": "https"}
    )

    assert response.content.decode() == told
