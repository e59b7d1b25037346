"""Figures to look at: what a page draws of them, and where each leads."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

TALLEST = 100
STEP = 10
SHADES = 5


@dataclass(frozen=True, kw_only=True)
class Bar:
    label: str
    value: int
    link: str = ""
    is_faint: bool = False


@dataclass(frozen=True)
class Column:
    """A bar as it is drawn: so far to the right, so high, and that far below the upper edge."""

    bar: Bar
    left: int
    height: float
    top: float


@dataclass(frozen=True, kw_only=True)
class Chart:
    title: str
    bars: Sequence[Bar]
    limit: int | None = None

    @property
    def width(self) -> int:
        return STEP * len(self.bars)

    @cached_property
    def highest(self) -> int:
        return max((bar.value for bar in self.bars), default=0)

    @cached_property
    def _scale(self) -> float:
        return TALLEST / (max(self.highest, self.limit or 0) * 1.05 or 1)

    @property
    def columns(self) -> list[Column]:
        heights = [round(self._scale * bar.value, 1) for bar in self.bars]
        return [
            Column(bar, STEP * place, height, round(TALLEST - height, 1))
            for place, (bar, height) in enumerate(zip(self.bars, heights, strict=True))
        ]

    @property
    def limit_at(self) -> float | None:
        return None if self.limit is None else round(TALLEST - self._scale * self.limit, 1)


@dataclass(frozen=True)
class Cell:
    """One square of a map; its shade is one of five, and none where nothing happened."""

    bar: Bar
    left: int
    top: int
    shade: int


@dataclass(frozen=True, kw_only=True)
class Map:
    """Squares in rows, such as the hours of a week."""

    rows: Sequence[tuple[str, Sequence[Bar]]]

    @cached_property
    def highest(self) -> int:
        return max((bar.value for _name, bars in self.rows for bar in bars), default=0)

    @property
    def cells(self) -> list[Cell]:
        return [
            Cell(bar, STEP * left, STEP * top, -(-SHADES * bar.value // self.highest) if bar.value else 0)
            for top, (_name, bars) in enumerate(self.rows)
            for left, bar in enumerate(bars)
        ]
