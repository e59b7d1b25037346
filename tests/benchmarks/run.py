"""Every subject in turn, a table, and the same as JSON under `var/bench/`."""

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from time import monotonic

import django
from rich.console import Console
from rich.table import Table

from tests.benchmarks import database
from tests.benchmarks.machine import described
from tests.benchmarks.options import Options

database.prepare()
django.setup()

from tests.benchmarks import (  # noqa: E402
    access_export,
    endpoints,
    imports,
    memory,
    recording,
    revocation,
    sealing,
    staff,
    trail,
    visibility,
)
from tests.benchmarks.figures import Figure  # noqa: E402
from tests.benchmarks.servers import FOLDER  # noqa: E402

SUBJECTS: dict[str, Callable[[Options], Iterator[Figure]]] = {
    "http": endpoints.measure,
    "memory": memory.measure,
    "revocation": revocation.measure,
    "recording": recording.measure,
    "seal": sealing.measure,
    "import": imports.measure,
    "visibility": visibility.measure,
    "export": access_export.measure,
    "admin": staff.measure,
    "trail": trail.measure,
}
QUICK = {"connections": (2,), "rounds": 1, "seconds": 0.2, "rows": 2_000, "many": 5_000}
FULL = {"connections": (8, 32), "rounds": 5, "seconds": 1.2, "rows": 100_000, "many": 1_000_000}


def names(known: tuple[str, ...]) -> Callable[[str], tuple[str, ...]]:
    def chosen(said: str) -> tuple[str, ...]:
        asked = tuple(said.split(","))
        if unknown := [name for name in asked if name not in known]:
            raise argparse.ArgumentTypeError(f"There is no {unknown[0]}. There are: {', '.join(known)}.")
        return asked

    return chosen


def numbers(said: str) -> tuple[int, ...]:
    return tuple(int(number) for number in said.split(","))


def parsed() -> tuple[Options, bool]:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--only", type=names(tuple(SUBJECTS)), default=tuple(SUBJECTS), help="subjects, by comma")
    parser.add_argument("--workloads", type=names(endpoints.WORKLOADS), default=endpoints.WORKLOADS, help="of http")
    parser.add_argument("--connections", type=numbers, help="such as 8,32; the first one is judged")
    parser.add_argument("--rounds", type=int, help="measured rounds; one more warms up")
    parser.add_argument("--seconds", type=float, help="of each run of each side")
    parser.add_argument("--rows", type=int, help="customers behind HTTP")
    parser.add_argument("--many", type=int, help="rows of the subjects about size")
    parser.add_argument("--quick", action="store_true", help="tiny numbers: shows that it runs, measures nothing")
    parser.add_argument("--strict", action="store_true", help="exit 1 when a figure is short")
    said = parser.parse_args()
    usual = QUICK if said.quick else FULL
    sizes = {key: value if (asked := getattr(said, key)) is None else asked for key, value in usual.items()}
    return Options(subjects=said.only, workloads=said.workloads, **sizes), said.strict


def table(title: str, measured: list[Figure]) -> Table:
    drawn = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for column in ("figure", "measured", "hold", "aim", "", "beside it"):
        drawn.add_column(column, justify="right" if column in {"measured", "hold", "aim"} else "left")
    for figure in measured:
        value = "" if figure.value is None else f"{figure.value:,g} {figure.unit}".strip()
        beside = "; ".join(part for part in (figure.wrong, figure.note, figure.cause) if part)
        drawn.add_row(figure.name, value, figure.bound(figure.hold), figure.bound(figure.aim), figure.verdict, beside)
    return drawn


def main() -> int:
    options, is_strict = parsed()
    console = Console(width=None if sys.stdout.isatty() else 240)
    began = monotonic()
    report: dict[str, list[Figure]] = {}
    database.renew()
    try:
        for subject in options.subjects:
            started = monotonic()
            report[subject] = list(SUBJECTS[subject](options))
            console.print(table(f"{subject} ({monotonic() - started:.0f} s)", report[subject]), "")
    finally:
        database.remove()
    verdicts = [figure.verdict for measured in report.values() for figure in measured]
    document = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": round(monotonic() - began),
        "machine": described(),
        "options": asdict(options),
        "figures": {
            subject: [asdict(figure) | {"verdict": figure.verdict, "cause": figure.cause} for figure in measured]
            for subject, measured in report.items()
        },
    }
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in (datetime.now(UTC).strftime("%Y-%m-%dT%H%M%S"), "latest"):
        (FOLDER / f"{name}.json").write_text(json.dumps(document, indent=1) + "\n")
    console.print(
        f"{', '.join(f'{verdicts.count(word)} {word}' for word in dict.fromkeys(verdicts))}: var/bench/latest.json"
    )
    if "WRONG" in verdicts:
        return 2
    return 1 if is_strict and "short" in verdicts else 0


if __name__ == "__main__":
    raise SystemExit(main())
