"""Users, units, roles and who holds what where."""

from typing import Any, cast

from django.apps import apps
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import Http404
from rest_framework import serializers, status
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.access import services
from apps.access.api.base import ReadOnlyRecordViewSet, RecordViewSet, action
from apps.access.api.serializers import (
    AssignmentSerializer,
    GrantSerializer,
    MeSerializer,
    MoveSerializer,
    ReasonSerializer,
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
    http_method_names = ["get", "head", "options", "post", "patch"]

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
    http_method_names = ["get", "head", "options", "post", "patch"]

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

    @action(verb="sign_out", serializer_class=ReasonSerializer)
    def sign_out(self, request: Call, pk: str) -> Response:
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
    http_method_names = ["get", "head", "options", "post"]

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

    @action(verb="end", serializer_class=ReasonSerializer)
    def end(self, request: Call, pk: str) -> Response:
        assignment = self.get_object()
        services.end_assignment(assignment, by=request.user, **self.wish())
        return Response(status=status.HTTP_204_NO_CONTENT)


@own_policy("The service decides: nobody grants more than he holds, and only in his units.")
class GrantsView(APIView):
    """Permissions on single rows: list those of one row, give one, take one back."""

    request: Call
    permission_classes = (IsAuthenticated,)
    serializer_class = GrantSerializer

    def get(self, request: Call) -> Response:
        row = self._row(request.query_params.get("model", ""), request.query_params.get("object", ""))
        if not request.user.has_perm("access.view_assignment", row.unit):
            raise Http404
        grants = grant_model(type(row))
        if grants is None:
            raise services.NotGrantable
        given = grants.objects.filter(content_object=row).select_related("permission")
        return Response(
            {
                "results": [
                    {
                        "user": str(grant.user_id),
                        "permission": grant.permission.codename,
                        "valid_from": grant.valid_from,
                        "valid_until": grant.valid_until,
                    }
                    for grant in given.order_by("pk")
                ],
                "next": None,
                "previous": None,
            }
        )

    def post(self, request: Call) -> Response:
        values = self._values(request)
        services.grant(by=request.user, **values)
        return Response(status=status.HTTP_201_CREATED)

    def delete(self, request: Call) -> Response:
        values = self._values(request)
        values.pop("valid_until", None)
        services.revoke(by=request.user, **values)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _values(self, request: Call) -> dict[str, Any]:
        wish = GrantSerializer(data=request.data)
        wish.is_valid(raise_exception=True)
        values = dict(wish.validated_data)
        row = self._row(values.pop("model"), str(values.pop("object")))
        return {**values, "row": row}

    def _row(self, label: str, key: str) -> UnitRecord:
        """A row that the caller cannot see does not exist."""
        if self.request.auth is not None and not self.request.auth.allows("access", self.request.method != "GET"):
            self.permission_denied(self.request)
        model = next((found for found in apps.get_models() if found._meta.label_lower == label), None)
        if model is None or not issubclass(model, UnitRecord):
            raise serializers.ValidationError({"model": ["There is no such kind of row."]})
        try:
            return model.objects.visible_to(self.request.user).get(pk=key)
        except (model.DoesNotExist, ValueError) as error:
            raise Http404 from error


@own_policy("Everybody may read what he himself may do.")
class MeView(APIView):
    """Who is asking, and which permissions he holds where."""

    permission_classes = (IsAuthenticated,)
    serializer_class = MeSerializer

    def get(self, request: Call) -> Response:
        user = request.user
        return Response(
            {
                "id": str(user.pk),
                "kind": user.kind,
                "permissions": {name: list(paths) for name, paths in sorted(held(user).items())},
                "scopes": None if request.auth is None else sorted(request.auth.scopes),
            }
        )
