"""From a figure to the entries behind it."""

from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone

TRAIL = "admin:audit_auditevent_changelist"


def entries_between(since: datetime, until: datetime, **filters: object) -> str:
    """The list of the trail, from `since` on and before `until`."""
    first, last = timezone.localtime(since), timezone.localtime(until - timedelta(microseconds=1))
    said = {
        "timestamp_from_0": f"{first:%Y-%m-%d}",
        "timestamp_from_1": f"{first:%H:%M:%S}",
        "timestamp_to_0": f"{last:%Y-%m-%d}",
        "timestamp_to_1": f"{last:%H:%M:%S.%f}",
        **{name: value for name, value in filters.items() if value not in {None, ""}},
    }
    return f"{reverse(TRAIL)}?{urlencode(said)}"
