"""A measured figure beside what is to hold and what is aimed at."""

from dataclasses import dataclass
from typing import Literal

from tests.benchmarks.causes import CAUSES

Verdict = Literal["ok", "short", "WRONG", "–"]


@dataclass(frozen=True)
class Figure:
    """`value` is compared with `hold`, where smaller is better unless it is a rate."""

    name: str
    value: float | None
    unit: str = ""
    hold: float | None = None
    aim: float | None = None
    is_rate: bool = False
    note: str = ""
    wrong: str = ""
    """What was wrong with the answers; a figure of wrong answers is worth nothing."""

    @property
    def verdict(self) -> Verdict:
        if self.wrong:
            return "WRONG"
        if self.value is None or self.hold is None:
            return "–"
        return "ok" if (self.value >= self.hold if self.is_rate else self.value <= self.hold) else "short"

    @property
    def cause(self) -> str:
        return CAUSES.get(self.name, "") if self.verdict == "short" else ""

    def bound(self, limit: float | None) -> str:
        return "" if limit is None else f"{'≥' if self.is_rate else '≤'} {limit:g}"
