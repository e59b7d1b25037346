"""What an import found and did, without a personal value."""

from collections import defaultdict
from dataclasses import asdict, dataclass, field
from typing import Any

LISTED = 10_000
"""So many bad rows are listed; all are counted."""


@dataclass(frozen=True, kw_only=True)
class BadRow:
    """Why a line was refused. `value` stays empty when the field is about a person: `value_class` says enough."""

    file: str
    line: int
    column: str = ""
    model: str = ""
    field: str = ""
    value_class: str = ""
    value: str = ""
    reason: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" + (f" {self.column}" if self.column else "")
        found = f" ({self.value_class})" if self.value_class else ""
        return f"{place}{found}: {self.reason}"


@dataclass
class Counts:
    created: int = 0
    changed: int = 0
    unchanged: int = 0


@dataclass
class Report:
    """The result of one import, dry run or not."""

    batch: str
    profile: str
    unit: str
    dry_run: bool = False
    models: dict[str, Counts] = field(default_factory=lambda: defaultdict(Counts))
    rows: dict[str, dict[str, int]] = field(default_factory=dict)
    bad_rows: list[BadRow] = field(default_factory=list)
    fatal: bool = False
    """A whole file could not be used: this is never skipped."""
    written: bool = False
    seconds: float = 0.0

    @property
    def created(self) -> int:
        return sum(counts.created for counts in self.models.values())

    @property
    def changed(self) -> int:
        return sum(counts.changed for counts in self.models.values())

    def as_dict(self) -> dict[str, Any]:
        return {
            "batch": self.batch,
            "profile": self.profile,
            "unit": self.unit,
            "dry_run": self.dry_run,
            "written": self.written,
            "created": self.created,
            "changed": self.changed,
            "models": {label: asdict(counts) for label, counts in self.models.items()},
            "rows": self.rows,
            "bad": len(self.bad_rows),
            "bad_rows": [asdict(row) for row in self.bad_rows[:LISTED]],
            "seconds": round(self.seconds, 2),
        }


def value_class(text: str | None) -> str:
    """What kind of value it was, without telling it."""
    if text is None:
        return "empty"
    kind = "digits" if text.isdecimal() else "text"
    return f"{kind} of {len(text)} characters"
