from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings

from apps.accounts.models import User
from apps.oversight.models import ActorHour

DAY = date(2026, 3, 10)
"""A Tuesday."""
Worked = Callable[..., None]


def at(day: date, hour: int) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=ZoneInfo(settings.TIME_ZONE))


@pytest.fixture
def worked() -> Worked:
    """`worked(user, days, hour=10, acts=5, reads=20)` writes the counts of one hour of each of these days."""

    def write(user: User, days: list[date], *, hour: int = 10, **counts: int) -> None:
        ActorHour.objects.bulk_create(ActorHour(actor=user, hour=at(day, hour), **counts) for day in days)

    return write


@pytest.fixture
def hired(make_user) -> Callable[..., User]:
    """`hired("customer-viewer")`: somebody who has held this role since long before."""

    def hire(role: str, **fields: Any) -> User:
        user = make_user(role, **fields)
        user.assignments.update(valid_from=at(DAY, 0) - timedelta(days=365))
        return user

    return hire


def before(day: date, count: int, *, on: tuple[int, ...] = (0, 1, 2, 3, 4)) -> list[date]:
    """The last `count` days before this one that fall on these weekdays, Monday being 0."""
    found: list[date] = []
    while len(found) < count:
        day -= timedelta(days=1)
        if day.weekday() in on:
            found.append(day)
    return found
