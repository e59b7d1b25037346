"""Load demonstration data."""

from argparse import ArgumentParser
from typing import Any

import orjson
from django.core.management.base import BaseCommand
from rich.console import Console
from rich.progress import track

from apps.integrations.demo import SIZES, UNITS, domains_in_order, load_demo


class Command(BaseCommand):
    help = (
        "Write generated, believable rows of every domain into two units: 2,000 customers and 10,000 orders "
        "of three years unless --size says fewer. Rows that are there are left alone."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--size", choices=SIZES, default="large", help="how many rows (default: large)")
        parser.add_argument("--json", action="store_true", help="one JSON document on standard output")

    def handle(self, **options: Any) -> None:
        steps = track(
            load_demo(SIZES[options["size"]]),
            description="Demonstration data",
            total=(len(domains_in_order()) + 1) * len(UNITS),
            console=Console(stderr=True),
            transient=True,
            disable=not self.stderr.isatty(),
        )
        rows: dict[str, dict[str, int]] = {slug: {} for slug in UNITS}
        for step in steps:
            rows[step.unit][step.domain] = step.rows
        if options["json"]:
            self.stdout.write(orjson.dumps({"rows": rows}, option=orjson.OPT_INDENT_2).decode())
            return
        written = sum(count for counts in rows.values() for count in counts.values())
        self.stdout.write(f"{written} rows written." if written else "The demonstration data is there already.")
