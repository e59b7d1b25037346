"""Users, units, roles and who holds what where."""

from typing import Any, cast
from uuid import UUID

from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.access import services
from apps.access.api.base import AccessView, ReadOnlyRecordViewSet, RecordViewSet, action
from apps.access.api.filters import refuse_unknown_parameters
from apps.access.api.serializers import (
    AssignmentSerializer,
    GiveSerializer,
    GrantedRowSerializer,
    GrantSerializer,
    MeSerializer,
    MoveSerializer,
    ReasonSerializer,
    RevokeSerializer,
    RoleSerializer,
    UnitSerializer,
    UserSerializer,
)
from apps.access.checks import own_policy
from apps.access.grants import grant_model
from apps.access.models import Assignment, Unit, UnitRecord
from apps.access.querysets import UnitQuerySet
from apps.access.roles import held
from apps.accounts import services as accounts
from apps.accounts.models import User


class Call(Request):
    """A request that has passed authentication."""

    user: User
    auth: Any


class UnitViewSet(RecordViewSet):
    queryset = Unit.objects.all()
    serializer_class = UnitSerializer
    filterset_fields = ("slug", "parent")
    http_method_names = ["get", "head", "post", "patch"]

    def get_queryset(self) -> QuerySet[Unit]:
        return cast("UnitQuerySet", super().get_queryset()).permitted(self.request.user, "access.view_unit")

    def perform_create(self, serializer: Any) -> None:
        parent = serializer.validated_data["parent"]
        if not self.request.user.has_perm("access.add_unit", parent):
            self.permission_denied(self.request)
        serializer.instance = services.create_unit(**serializer.validated_data)

    @action(verb="move", serializer_class=MoveSerializer)
    def move(self, request: Request, pk: str) -> Response:
        unit = self.get_object()
        return self.answer(services.move_unit(unit, **self.wish()))


class UserViewSet(RecordViewSet):
    request: Call
    queryset = User.objects.all()
    serializer_class = UserSerializer
    filterset_fields = ("email", "kind", "is_active")
    http_method_names = ["get", "head", "post", "patch"]

    def get_queryset(self) -> QuerySet[User]:
        return super().get_queryset().filter(pk__in=services.people_seen_by(self.request.user).values("pk"))

    def perform_create(self, serializer: Any) -> None:
        serializer.instance = accounts.invite(**serializer.validated_data)

    def perform_update(self, serializer: Any) -> None:
        services.check_managed(self.request.user, serializer.instance)
        serializer.save()

    @action(verb="deactivate", serializer_class=ReasonSerializer)
    def deactivate(self, request: Call, pk: str) -> Response:
        return self._decide(services.deactivate)

    @action(verb="deactivate", serializer_class=ReasonSerializer)
    def activate(self, request: Call, pk: str) -> Response:
        return self._decide(services.activate)

    @action(verb="sign_out", url_path="sign-out", serializer_class=ReasonSerializer)
    def sign_out(self, request: Call, pk: str) -> Response:
        """End every session and token of a user."""
        return self._decide(services.sign_out)

    def _decide(self, decision: Any) -> Response:
        user = self.get_object()
        decision(user, by=self.request.user, **self.wish())
        return self.answer(user)


class RoleViewSet(ReadOnlyRecordViewSet):
    queryset = Group.objects.prefetch_related("permissions__content_type")
    serializer_class = RoleSerializer
    filterset_fields = ("name",)
    lookup_value_regex = "[0-9]+"


class AssignmentViewSet(RecordViewSet):
    request: Call
    queryset = Assignment.objects.select_related("unit", "role")
    serializer_class = AssignmentSerializer
    filterset_fields = ("user", "unit")
    http_method_names = ["get", "head", "post"]

    def get_queryset(self) -> QuerySet[Assignment]:
        units = Unit.objects.permitted(self.request.user, "access.view_assignment")
        return super().get_queryset().filter(unit__in=units.values("pk"))

    def perform_create(self, serializer: Any) -> None:
        values = serializer.validated_data
        serializer.instance = services.assign_role(
            values["user"],
            role=values["role"].name,
            unit=values["unit"],
            by=self.request.user,
            reason=values["reason"],
            valid_from=values.get("valid_from"),
            valid_until=values.get("valid_until"),
        )

    @extend_schema(responses={204: None})
    @action(verb="end", serializer_class=ReasonSerializer)
    def end(self, request: Call, pk: str) -> Response:
        assignment = self.get_object()
        services.end_assignment(assignment, by=request.user, **self.wish())
        return Response(status=status.HTTP_204_NO_CONTENT)


class GrantViewSet(AccessView):
    """Permissions on single rows. Nobody grants more than he holds, and only in his units."""

    request: Call
    queryset = Assignment.objects.all()
    serializer_class = GrantSerializer
    filter_backends = ()

    def known_parameters(self) -> set[str]:
        return {"model", "object", "cursor", "page_size", "count"} if self.action == "list" else set()

    def get_queryset(self) -> QuerySet[Any]:
        """The grants on the row that the query names."""
        said = self.request.query_params
        wish = GrantedRowSerializer(data={name: said[name] for name in ("model", "object") if name in said})
        wish.is_valid(raise_exception=True)
        row = self._row(**wish.validated_data)
        if not self.request.user.has_perm("access.view_assignment", row.unit):
            raise Http404
        grants = grant_model(type(row))
        if grants is None:
            raise services.NotGrantable
        return grants.objects.filter(content_object=row).select_related("permission")

    @extend_schema(parameters=[GrantedRowSerializer])
    def list(self, request: Call) -> Response:
        """List the permissions on a row."""
        page = self.paginate_queryset(self.get_queryset())
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(request=GiveSerializer, responses={201: GrantSerializer})
    def create(self, request: Call) -> Response:
        """Give a permission on a row."""
        grant = services.grant(by=request.user, **self._wish(GiveSerializer))
        return Response(GrantSerializer(grant).data, status=status.HTTP_201_CREATED)

    @extend_schema(responses={204: None})
    @action(verb="end", detail=False, serializer_class=RevokeSerializer)
    def revoke(self, request: Call) -> Response:
        """Take a permission on a row back."""
        services.revoke(by=request.user, **self._wish(RevokeSerializer))
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _wish(self, kind: type[GrantedRowSerializer]) -> dict[str, Any]:
        wish = kind(data=self.request.data)
        wish.is_valid(raise_exception=True)
        values = dict(wish.validated_data)
        row = self._row(values.pop("model"), values.pop("object"))
        return {**values, "row": row}

    def _row(self, model: type[UnitRecord], object: UUID) -> UnitRecord:  # noqa: A002
        """A row that the caller cannot see does not exist."""
        return get_object_or_404(model.objects.visible_to(self.request.user), pk=object)


@own_policy("Everybody may read what he himself may do.")
class MeView(APIView):
    """Who is asking, and which permissions he holds where."""

    permission_classes = (IsAuthenticated,)
    serializer_class = MeSerializer

    def get(self, request: Call) -> Response:
        """Say who is asking."""
        refuse_unknown_parameters(request, set())
        user = request.user
        return Response(
            {
                "id": str(user.pk),
                "kind": user.kind,
                "permissions": {name: list(paths) for name, paths in sorted(held(user).items())},
                "scopes": None if request.auth is None else sorted(request.auth.scopes),
            }
        )
