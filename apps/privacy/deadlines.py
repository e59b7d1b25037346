"""By when a request must be answered (Art. 12(3) GDPR), counted as Regulation (EEC) 1182/71, Art. 3 counts."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

SATURDAY = 5


@dataclass(frozen=True)
class Rule:
    """A way of counting. Its key is stored with the request, because the law moves and a request keeps its own."""

    key: str
    months: int
    law: str


RULES = {"gdpr-12-3": Rule("gdpr-12-3", 1, "Art. 12(3) GDPR; Art. 3 Regulation (EEC, Euratom) No 1182/71")}
PRESENT = RULES["gdpr-12-3"]


def due_on(received_on: date, rule: Rule = PRESENT) -> date:
    """The day with the same number, or the month's last; from a Saturday or Sunday on to Monday.

    Public holidays are not known here, so the day may be earlier than the law demands, never later.
    """
    month = received_on.year * 12 + received_on.month - 1 + rule.months
    year, number = month // 12, month % 12 + 1
    day = date(year, number, min(received_on.day, monthrange(year, number)[1]))
    return day + timedelta(days=max(0, 7 - day.weekday())) if day.weekday() >= SATURDAY else day
