from datetime import date

import pytest
import time_machine

from apps.access.panels import Tone
from apps.orders.start import by_month, to_finish

pytestmark = pytest.mark.django_db


@time_machine.travel(date(2024, 5, 10))
def test_the_start_page_shows_what_waits_in_ones_own_units_the_longest_first(
    make_user, unit, other_unit, make_order, customer
):
    unpaid, late = make_order("placed"), make_order("paid", required_on=date(2024, 5, 9), ship_name="To the dock")
    make_order("shipped")

    told = to_finish(make_user("order-manager", unit))
    elsewhere = to_finish(make_user("order-manager", other_unit))

    assert [(line.text, str(line.label), line.tone) for line in told.lines] == [
        (unpaid.number, "unpaid for 4 days", Tone.SOON),
        (late.number, "wanted by 9 May 2024: late", Tone.LATE),
    ]
    assert [line.note for line in told.lines] == ["", "To the dock"]
    assert told.count == "2"
    assert elsewhere.is_empty


@time_machine.travel(date(2024, 5, 10))
def test_orders_are_counted_by_the_month_in_which_they_were_placed(make_user, unit, make_order):
    make_order("placed")

    bars = by_month(make_user("order-viewer", unit)).bars

    assert [(bar.label, bar.value) for bar in bars][-2:] == [("Apr 2024", 0), ("May 2024", 1)]
    assert len(bars) == 12
