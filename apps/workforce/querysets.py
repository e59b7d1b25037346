from datetime import date
from typing import Self

from django.db.models import Q

from apps.access.querysets import UnitRecordQuerySet


class EmployeeQuerySet(UnitRecordQuerySet):
    def employed_on(self, day: date) -> Self:
        return self.filter(Q(left_on=None) | Q(left_on__gte=day), hired_on__lte=day)

    def reporting_to(self, manager: object) -> Self:
        """The direct reports who still work here."""
        return self.filter(reports_to=manager, left_on=None)


class AbsenceQuerySet(UnitRecordQuerySet):
    def standing(self) -> Self:
        """Asked for or granted, and neither refused nor withdrawn."""
        return self.exclude(state__in=("rejected", "withdrawn"))

    def touching(self, first: date, last: date) -> Self:
        return self.filter(starts_on__lte=last, ends_on__gte=first)
