"""Which rows a user may see, as SQL inside the same query."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any, Self
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Exists, ExpressionWrapper, OuterRef, Q
from django.db.models.expressions import RawSQL
from django.db.models.sql.where import AND
from django.utils import timezone

from apps.access.grants import grant_model
from apps.access.roles import held_paths, roles_of

if TYPE_CHECKING:
    from apps.accounts.models import User


MOST_BRANCHES = 200
"""Of so many units the first rows are read one after the other, as long as they are less than half of all."""


def valid_at(moment: datetime) -> Q:
    return Q(valid_from__lte=moment) & (Q(valid_until=None) | Q(valid_until__gt=moment))


class UnitQuerySet(models.QuerySet[Any]):
    def below(self, paths: tuple[str, ...]) -> Self:
        """The units at these paths with everything under them."""
        if not paths:
            return self.none()
        return self.filter(reduce(or_, (Q(path__startswith=path) for path in paths)))

    def permitted(self, user: "User | AnonymousUser", permission: str) -> Self:
        """Units in which a role of this user carries the permission (`app.codename`)."""
        return self.below(held_paths(user, permission))


class AssignmentQuerySet(models.QuerySet[Any]):
    def valid(self) -> Self:
        return self.filter(valid_at(timezone.now()))


@dataclass(frozen=True)
class Visible:
    """Why rows are visible: for their units, or for a grant on them; and the condition that says so."""

    units: frozenset[UUID]
    are_few: bool
    granted: Exists | None
    condition: Any
    """`None` where every row is visible."""


def _first(rows: models.QuerySet[Any], names: list[str], number: int) -> tuple[str, tuple[Any, ...]]:
    return rows.values_list(*names)[:number].query.sql_with_params()


class UnitRecordQuerySet(models.QuerySet[Any]):
    _visible: "Visible | None" = None

    def _clone(self) -> Self:
        clone = super()._clone()
        clone._visible = self._visible
        return clone

    def visible_to(self, user: "User | AnonymousUser", action: str = "view") -> Self:
        """Rows on which the user may do `action`: by a role in the row's unit, or by a grant on its aggregate root."""
        meta = self.model._meta
        roles = roles_of(user)
        units = roles.units(f"{meta.app_label}.{action}_{meta.model_name}")
        everywhere = roles.covers_all(units)
        granted = self.granted_to(user, action) if not everywhere and self.is_granted_to(user, action) else None
        return self.visible_in(units, of=len(roles.organisation.paths), granted=granted)

    def visible_in(self, units: frozenset[UUID], *, of: int, granted: Exists | None = None) -> Self:
        """Rows in some of so many units, and what was granted beside them."""
        if units and len(units) == of:
            everything = self.all()
            everything._visible = Visible(units, are_few=False, granted=None, condition=None)
            return everything
        by_role = Q(unit__in=units)
        either = ExpressionWrapper(by_role if granted is None else by_role | Q(granted), models.BooleanField())
        visible = self.filter(either)
        few = len(units) <= MOST_BRANCHES and 2 * len(units) < of
        visible._visible = Visible(units, few, granted, visible.query.where.children[-1])
        return visible

    def page(self, number: int) -> Self:
        """The first rows in their order.

        Of each unit, and of the granted rows, no more are looked at than the page holds, each time in the order of an
        index. Left to the whole condition, PostgreSQL reads every grant, or walks through the rows of all other units.
        """
        order = [(term.expression.name, "DESC" if term.descending else "ASC") for term in self.query.order_by]
        names = ["id" if name == "pk" else name for name, _direction in order]
        if self._visible is None or not self._holds(self._visible.condition):
            return self[:number]
        branches = list(self._branches(self._visible, names, number))
        if not branches:
            return self[:number]
        found = " UNION ".join(f"({statement})" for statement, _params in branches)
        place = ", ".join(f'"{name}" {direction}' for name, (_said, direction) in zip(names, order, strict=True))
        keys = f"SELECT id FROM ({found}) AS found ORDER BY {place} LIMIT {number:d}"  # noqa: S608
        params = tuple(param for _statement, params in branches for param in params)
        return self._without(self._visible.condition).filter(pk__in=RawSQL(keys, params))[:number]  # noqa: S611

    def _branches(self, visible: "Visible", names: list[str], number: int) -> Iterator[tuple[str, tuple[Any, ...]]]:
        """Statements for the keys of the first rows, one for each reason to see a row; none where one will do."""
        open_rows = self._without(visible.condition)
        if not self._sorts_by_columns(names):
            return
        few = visible.are_few and len(visible.units) > 1
        sorted_by_unit_alone = len(visible.units) <= MOST_BRANCHES and not self._is_indexed(*names)
        if (few or sorted_by_unit_alone) and self._is_indexed("unit", *names):
            of_unit, params = _first(open_rows.filter(unit=RawSQL("permitted.unit", ())), names, number)
            units = "SELECT top.* FROM unnest(%s::uuid[]) AS permitted(unit)"
            yield f"{units} CROSS JOIN LATERAL ({of_unit}) AS top", (list(visible.units), *params)
        elif visible.units and visible.granted is not None:
            yield _first(open_rows.filter(unit__in=visible.units), names, number)
        if visible.granted is not None:
            yield _first(open_rows.filter(visible.granted), names, number)

    def _holds(self, condition: Any) -> bool:
        """Whether the rows still have to meet the condition, and every other besides."""
        where = self.query.where
        plain = where.connector == AND and not where.negated and not self.query.combinator
        return plain and (condition is None or any(child is condition for child in where.children))

    def _without(self, condition: Any) -> Self:
        rows = self._chain()
        rows.query.where.children = [child for child in rows.query.where.children if child is not condition]
        return rows

    def _sorts_by_columns(self, names: list[str]) -> bool:
        return {field.name for field in self.model._meta.concrete_fields if field.column == field.name}.issuperset(
            names
        )

    def _is_indexed(self, *columns: str) -> bool:
        """Whether an index holds all rows in this order."""
        meta = self.model._meta
        indexes = [tuple(index.fields) for index in meta.indexes if not index.condition]
        unique = [rule.fields for rule in meta.constraints if isinstance(rule, models.UniqueConstraint)]
        return (
            columns == (meta.pk.name,)
            or any(fields[: len(columns)] == columns for fields in indexes)
            or any(fields and columns[: len(fields)] == fields for fields in unique)
        )

    def is_granted_to(self, user: "User | AnonymousUser", action: str) -> bool:
        """Whether `action` was granted to the user on any row at all, read once per user object."""
        root = self._root()
        grants = grant_model(root)
        if grants is None or not user.is_authenticated:
            return False
        known = user.__dict__.setdefault("_granted", {})
        if grants not in known:
            rows = grants.objects.filter(valid_at(timezone.now()), user=user.pk)
            known[grants] = set(rows.values_list("permission", flat=True).distinct())
        permission = f"{root._meta.app_label}.{action}_{root._meta.model_name}"
        return roles_of(user).organisation.permissions.get(permission) in known[grants]

    def grants_of(self, user: "User | AnonymousUser") -> "models.QuerySet[Any] | None":
        """The valid grants that open rows of this kind to the user; `None` where they take none."""
        grants = grant_model(self._root())
        if grants is None or not user.is_authenticated:
            return None
        return grants.objects.filter(valid_at(timezone.now()), user=user.pk)

    def _root(self) -> type[models.Model]:
        """The kind of row whose grants open rows of this kind too."""
        through = self.model.granted_through
        return self.model._meta.get_field(through).related_model if through else self.model

    def granted_to(self, user: "User | AnonymousUser", action: str) -> Exists | None:
        """The condition that a grant of this user opens the row; `None` where rows of this kind take no grants."""
        through, root = self.model.granted_through, self._root()
        grants = self.grants_of(user)
        if grants is None:
            return None
        permission = f"{root._meta.app_label}.{action}_{root._meta.model_name}"
        return Exists(
            grants.filter(
                permission=roles_of(user).organisation.permissions.get(permission),
                content_object=OuterRef(f"{through}_id" if through else "pk"),
            )
        )
