from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from apps.access.admin.base import ChildInline, UnitRecordAdmin, each_row
from apps.access.admin.grants import GrantAdmin
from apps.kernel.errors import BusinessError
from tests.sample.models import Deal, Line, Person, PersonGrant


class NotToBeClosed(BusinessError):
    """This one is not to be closed."""


@admin.register(Person)
class PersonAdmin(UnitRecordAdmin):
    list_display = ("number", "name", "email")
    search_fields = ("number",)
    actions = ("close",)

    @each_row(verb="close", title="Close", reason=True)
    def close(self, request: HttpRequest, person: Person, *, reason: str) -> Any:
        if person.number == "REFUSED":
            raise NotToBeClosed
        person.name = ""
        person.save(update_fields=["name"])


class LineInline(ChildInline):
    model = Line


@admin.register(Deal)
class DealAdmin(UnitRecordAdmin):
    list_display = ("number", "buyer", "total")
    search_fields = ("number",)
    autocomplete_fields = ("buyer", "agent")
    inlines = (LineInline,)


@admin.register(PersonGrant)
class PersonGrantAdmin(GrantAdmin):
    """Grants on people."""
