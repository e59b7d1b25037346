"""The last day of an answer, as the regulation on periods counts it."""

from datetime import date

import pytest

from apps.privacy.deadlines import due_on


@pytest.mark.parametrize(
    ("received", "due"),
    [
        ("2025-03-05", "2025-04-07"),  # 5 April is a Saturday
        ("2024-03-05", "2024-04-05"),
        ("2026-03-05", "2026-04-06"),  # 5 April is a Sunday
        ("2027-01-31", "2027-03-01"),  # 28 February is a Sunday
        ("2028-01-31", "2028-02-29"),
        ("2025-01-31", "2025-02-28"),
        ("2026-08-31", "2026-09-30"),
        ("2026-11-30", "2026-12-30"),
        ("2026-12-15", "2027-01-15"),
        ("2025-12-31", "2026-02-02"),  # 31 January is a Saturday
        ("2024-02-29", "2024-03-29"),
    ],
)
def test_a_month_ends_on_its_number_or_its_last_day_and_never_on_a_weekend(received: str, due: str):
    assert due_on(date.fromisoformat(received)) == date.fromisoformat(due)
