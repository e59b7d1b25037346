"""Which rows a user may see, as SQL inside the same query."""

from datetime import datetime
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any, Self

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from apps.access.grants import grant_model
from apps.access.roles import held_paths, roles_of

if TYPE_CHECKING:
    from apps.accounts.models import User


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


class UnitRecordQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: "User | AnonymousUser", action: str = "view") -> Self:
        """Rows on which the user may do `action`: by a role in the row's unit, or by a grant on its aggregate root."""
        meta = self.model._meta
        roles = roles_of(user)
        units = roles.units(f"{meta.app_label}.{action}_{meta.model_name}")
        if roles.covers_all(units):
            return self.all()
        by_role = Q(unit__in=units)
        granted = self.granted_to(user, action)
        return self.filter(by_role if granted is None else by_role | Q(granted))

    def is_granted_to(self, user: "User | AnonymousUser", action: str) -> bool:
        """Whether `action` was granted to the user on any row at all, read once per user object."""
        grants = self.grants_of(user)
        if grants is None:
            return False
        known = user.__dict__.setdefault("_granted", {})
        if grants.model not in known:
            known[grants.model] = set(grants.values_list("permission__codename", flat=True).distinct())
        return f"{action}_{self._root()._meta.model_name}" in known[grants.model]

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
