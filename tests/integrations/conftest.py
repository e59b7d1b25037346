"""A small legacy export: people, deals and their lines."""

from collections.abc import Callable
from pathlib import Path

import pytest

from apps.access.models import Unit
from apps.integrations.imports.profile import Profile, parse_profile
from apps.integrations.imports.report import Report
from apps.integrations.imports.run import run_import

PROFILE = """
title = "Sample"

[[file]]
name = "people.csv"
ignore = ["fax"]
[[file.model]]
model = "sample.Person"
key = ["number"]
fields = { number = { column = "id", case = "upper" }, name = "name", email = { column = "email", case = "lower" } }

[[file]]
name = "deals.csv"
[[file.model]]
model = "sample.Deal"
key = ["number"]
[file.model.fields]
number = "number"
total = { column = "total", decimal_mark = "," }
closed_at = { column = "closed", formats = ["%d.%m.%Y"] }
ship_to = { column = "address", unescape = true }
buyer = { reference = "sample.Person", by = { number = "buyer" } }
agent = { reference = "sample.Person", by = { number = "agent" } }
[[file.model]]
model = "sample.Tag"
key = ["label"]
shared = true
when = ["tag"]
fields = { label = "tag" }
[[file.model]]
model = "sample.Deal_tags"
key = ["deal", "tag"]
when = ["tag"]
fields = { deal = { row = "deal" }, tag = { row = "tag" } }

[[file]]
name = "lines.csv"
[[file.model]]
model = "sample.Line"
key = ["deal", "what"]
[file.model.fields]
deal = { reference = "sample.Deal", by = { number = "deal" } }
what = "what"
quantity = "quantity"
"""
PEOPLE = "id,name,email,fax\nann,Ann Ames,ANN@example.org,1\nbob,Bob Byrd,,\n"
DEALS = (
    "number,total,closed,address,buyer,agent,tag\n"
    'D-1,"1200,50",24.12.2024,12 High Street\\nYork,ANN,BOB,new\n'
    "D-2,7,,,BOB,,new\n"
)
LINES = "deal,what,quantity\nD-1,chair,4\nD-1,table,1\nD-2,lamp,2\n"


@pytest.fixture
def profile() -> Profile:
    return parse_profile(PROFILE, name="sample")


@pytest.fixture
def export(tmp_path: Path) -> Callable[..., Path]:
    """Writes the three files; `export(lines="…")` replaces one of them, `None` leaves it out."""

    def write(**texts: str | bytes | None) -> Path:
        for name, text in ({"people": PEOPLE, "deals": DEALS, "lines": LINES} | texts).items():
            path = tmp_path / f"{name}.csv"
            if text is None:
                path.unlink(missing_ok=True)
            else:
                path.write_bytes(text.encode() if isinstance(text, str) else text)
        return tmp_path

    return write


@pytest.fixture
def load(profile: Profile, unit: Unit) -> Callable[..., Report]:
    def run(folder: Path, **options: object) -> Report:
        return run_import(profile, folder, unit=unit.slug, **options)

    return run
