"""What a domain declares in its `reports.py`: columns over the rows that the reader may see."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import F, QuerySet
from django.db.models.expressions import Combinable
from django.utils.functional import Promise

from apps.access.models import UnitRecord
from apps.accounts.models import User


@dataclass(frozen=True, kw_only=True)
class Report:
    """`columns` maps a heading to a field path or an expression; `rows` narrows and orders what the reader may see."""

    slug: str
    title: str | Promise
    model: type[UnitRecord]
    columns: Mapping[str, str | Combinable]
    demands: str = "view"
    """What the reader may do with each row: `view_hr` where more than viewing is needed."""
    rows: Callable[[QuerySet[Any]], QuerySet[Any]] = field(default=lambda rows: rows.order_by("pk"))

    @property
    def permission(self) -> str:
        meta = self.model._meta
        return f"{meta.app_label}.{self.demands}_{meta.model_name}"

    def values(self, visible: QuerySet[Any]) -> QuerySet[Any]:
        """The rows as tuples, in the order of the columns."""
        named = {
            f"column_{index}": F(source) if isinstance(source, str) else source
            for index, source in enumerate(self.columns.values())
        }
        return self.rows(visible).annotate(**named).values_list(*named)


_reports: dict[str, Report] = {}


def report(declared: Report) -> Report:
    _reports[declared.slug] = declared
    return declared


def reports() -> list[Report]:
    return sorted(_reports.values(), key=lambda one: one.slug)


def reports_for(user: User) -> list[Report]:
    """Those that this user may run."""
    return [report for report in reports() if user.has_perm(report.permission)]


def report_of(slug: str) -> Report | None:
    return _reports.get(slug)
