"""Counts what the floor sends to the database, as the request log does on our side."""

from collections.abc import Callable

from django.db import connection
from django.http import HttpRequest, HttpResponse

GetResponse = Callable[[HttpRequest], HttpResponse]


def counted(get_response: GetResponse) -> GetResponse:
    def middleware(request: HttpRequest) -> HttpResponse:
        count = [0]

        def count_one(execute: Callable[..., object], *statement: object) -> object:
            count[0] += 1
            return execute(*statement)

        with connection.execute_wrapper(count_one):
            response = get_response(request)
        response["X-Statements"] = str(count[0])
        return response

    return middleware
