from typing import Any, cast

from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from apps.access.api.base import UnitViewSet, action
from apps.access.api.bulk import BulkCreateMixin
from apps.access.models import Unit
from apps.accounts.models import User
from apps.workforce.api.serializers import (
    AbsenceSerializer,
    AssignManagerSerializer,
    DepartmentSerializer,
    EmployeeSerializer,
    EmployeeTerritorySerializer,
    LinkAccountSerializer,
    PositionSerializer,
    PromoteSerializer,
    RegionSerializer,
    ShortenSerializer,
    TerminateSerializer,
    TerritorySerializer,
    TransferSerializer,
)
from apps.workforce.models import (
    Absence,
    Department,
    Employee,
    EmployeeTerritory,
    Position,
    Region,
    Territory,
)
from apps.workforce.services import absences, accounts, employment


class DepartmentViewSet(BulkCreateMixin, UnitViewSet):
    queryset = Department.objects.all()
    serializer_class = DepartmentSerializer
    filterset_fields = ("name",)
    ordering_fields = ("name",)
    search_fields = ("name",)


class PositionViewSet(BulkCreateMixin, UnitViewSet):
    queryset = Position.objects.all()
    serializer_class = PositionSerializer
    filterset_fields = ("title",)
    ordering_fields = ("title",)
    search_fields = ("title",)


class RegionViewSet(BulkCreateMixin, UnitViewSet):
    queryset = Region.objects.all()
    serializer_class = RegionSerializer
    filterset_fields = ("number",)
    ordering_fields = ("number",)
    search_fields = ("name",)


class TerritoryViewSet(BulkCreateMixin, UnitViewSet):
    queryset = Territory.objects.all()
    serializer_class = TerritorySerializer
    filterset_fields = ("number", "region")
    ordering_fields = ("number",)
    search_fields = ("name",)


class EmployeeTerritoryViewSet(BulkCreateMixin, UnitViewSet):
    queryset = EmployeeTerritory.objects.all()
    serializer_class = EmployeeTerritorySerializer
    http_method_names = ["get", "head", "post", "delete"]
    filterset_fields = ("employee", "territory")


class EmployeeViewSet(UnitViewSet):
    """Filters and orderings are by what everybody may know, so that no list tells what a row conceals."""

    queryset = Employee.objects.prefetch_related("territories")
    serializer_class = EmployeeSerializer
    http_method_names = ["get", "head", "post", "put", "patch"]
    filterset_fields = ("number", "department", "position")
    ordering_fields = ("number", "last_name")
    search_fields = ("number", "last_name")

    def perform_create(self, serializer: Any) -> None:
        unit = self.target_unit(serializer.validated_data)
        self._refuse_blind_writing(serializer, unit)
        serializer.instance = employment.hire(**{**serializer.validated_data, "unit": unit})

    def perform_update(self, serializer: Any) -> None:
        self._refuse_blind_writing(serializer, serializer.instance)
        serializer.save()

    @action(verb="transfer", serializer_class=TransferSerializer)
    def transfer(self, request: Request, pk: str) -> Response:
        """Move an employee to another department."""
        return self.answer(employment.transfer(self.get_object(), **self.wish()))

    @action(verb="promote", serializer_class=PromoteSerializer)
    def promote(self, request: Request, pk: str) -> Response:
        """Give an employee another position."""
        return self.answer(employment.promote(self.get_object(), **self.wish()))

    @action(verb="assign_manager", url_path="assign-manager", serializer_class=AssignManagerSerializer)
    def assign_manager(self, request: Request, pk: str) -> Response:
        """Say to whom an employee reports."""
        return self.answer(employment.assign_manager(self.get_object(), **self.wish()))

    @action(verb="terminate", serializer_class=TerminateSerializer)
    def terminate(self, request: Request, pk: str) -> Response:
        """End an employment."""
        return self.answer(employment.terminate(self.get_object(), **self.wish()))

    @action(verb="link_account", url_path="link-account", serializer_class=LinkAccountSerializer)
    def link_account(self, request: Request, pk: str) -> Response:
        """Say which account is the employee's, or that none is."""
        by = cast("User", request.user)
        return self.answer(accounts.link_account(self.get_object(), by=by, **self.wish()))

    def _refuse_blind_writing(self, serializer: Any, where: Employee | Unit) -> None:
        """Nobody writes what he may not read."""
        for_hr = set(serializer.validated_data) - set(Employee.FOR_EVERYBODY)
        if for_hr and not self.request.user.has_perm("workforce.view_hr_employee", where):
            self.permission_denied(self.request)


class AbsenceViewSet(UnitViewSet):
    queryset = Absence.objects.all()
    serializer_class = AbsenceSerializer
    http_method_names = ["get", "head", "post"]
    filterset_fields = {"employee": ["exact"], "starts_on": ["gte", "lt"]}
    ordering_fields = ("starts_on",)

    def perform_create(self, serializer: Any) -> None:
        self.target_unit(serializer.validated_data)
        serializer.instance = absences.request_absence(**serializer.validated_data)

    @action(verb="approve")
    def approve(self, request: Request, pk: str) -> Response:
        self.wish()
        return self.answer(
            absences.approve_absence(self.get_object(), by=cast("User", request.user), now=timezone.now())
        )

    @action(verb="reject")
    def reject(self, request: Request, pk: str) -> Response:
        self.wish()
        return self.answer(
            absences.reject_absence(self.get_object(), by=cast("User", request.user), now=timezone.now())
        )

    @action(verb="withdraw")
    def withdraw(self, request: Request, pk: str) -> Response:
        self.wish()
        return self.answer(absences.withdraw_absence(self.get_object(), today=timezone.localdate()))

    @action(verb="shorten", serializer_class=ShortenSerializer)
    def shorten(self, request: Request, pk: str) -> Response:
        by = cast("User", request.user)
        return self.answer(absences.shorten_absence(self.get_object(), by=by, **self.wish()))
