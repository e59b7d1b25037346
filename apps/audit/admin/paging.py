"""Pages of entries by the place of the last one: page 1,000 costs what the first does."""

from datetime import datetime

from django.core.exceptions import BadRequest
from django.http import HttpRequest
from django.utils.dateparse import parse_datetime

from apps.audit.models import AuditEvent
from apps.audit.querysets import AuditEventQuerySet

PER_PAGE = 50
PLACE = "before"


def page_of(entries: AuditEventQuerySet, request: HttpRequest) -> tuple[list[AuditEvent], str]:
    """The newest entries before the place that the address names, and the query for older ones, if there are any."""
    said = request.GET.get(PLACE, "")
    rows = list((entries.before(*_place(said)) if said else entries).newest_first()[: PER_PAGE + 1])
    return rows[:PER_PAGE], _older(request, rows[PER_PAGE - 1]) if len(rows) > PER_PAGE else ""


def newest(request: HttpRequest) -> str:
    """The query for the first page; empty on that page itself."""
    if PLACE not in request.GET:
        return ""
    query = request.GET.copy()
    del query[PLACE]
    return f"?{query.urlencode()}"


def _place(said: str) -> tuple[datetime, int]:
    """`moment~number` of the last entry of a page."""
    moment, _tilde, number = said.partition("~")
    try:
        read = parse_datetime(moment)
    except ValueError as error:
        raise BadRequest("A page of the trail is reached by its links.") from error
    if read is None or read.tzinfo is None or not number.isdecimal():
        raise BadRequest("A page of the trail is reached by its links.")
    return read, int(number)


def _older(request: HttpRequest, last: AuditEvent) -> str:
    query = request.GET.copy()
    query[PLACE] = f"{last.timestamp.isoformat()}~{last.pk}"
    return f"?{query.urlencode()}"
