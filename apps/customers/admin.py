from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from apps.access.admin.base import ChildInline, StackedChildInline, UnitRecordAdmin, each_row
from apps.access.admin.filters import RecordFilter
from apps.access.admin.grants import GrantAdmin
from apps.customers import services
from apps.customers.models import Address, Contact, Customer, CustomerGrant
from apps.kernel.errors import BusinessError

COLOURS = {"active": "success", "dormant": "warning", "closed": "danger"}


class ContactInline(ChildInline):
    model = Contact


class AddressInline(StackedChildInline):
    model = Address


class SurvivorForm(forms.Form):
    survivor = forms.ModelChoiceField(Customer.objects.none(), label=_("Customer that remains"), empty_label=None)

    def __init__(self, *args: Any, customers: QuerySet[Customer], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["survivor"].queryset = customers  # type: ignore[attr-defined]


@admin.register(Customer)
class CustomerAdmin(UnitRecordAdmin):
    icon = "groups"
    list_display = ("number", "name", "kind", "state", "unit")
    list_filter = ("status", "kind", "created_at", "unit")
    search_fields = ("number__istartswith", "name__istartswith", "email__istartswith")
    search_help_text = _("Beginning of the number, the name or the e-mail")
    ordering = ("-pk",)
    sortable_by = ("name",)
    readonly_fields = ("status", "closed_at", "merged_into")
    inlines = (ContactInline, AddressInline)
    actions = ("close", "reopen", "merge")

    @display(description=_("status"), label=COLOURS)
    def state(self, customer: Customer) -> tuple[str, Any]:
        return customer.status, customer.get_status_display()

    def caption(self, row: Customer) -> str:
        return f"{row.number} · {row.name}"

    @each_row(verb="close", title=_("Close"), reason=True, when=lambda customer: not customer.is_closed)
    def close(self, request: HttpRequest, customer: Customer, *, reason: str) -> Customer:
        return services.close_customer(customer, reason=reason, now=timezone.now())

    @each_row(
        verb="reopen", title=_("Reopen"), when=lambda customer: customer.is_closed and not customer.merged_into_id
    )
    def reopen(self, request: HttpRequest, customer: Customer) -> Customer:
        return services.reopen_customer(customer)

    @admin.action(description=_("Merge two"))
    def merge(self, request: HttpRequest, queryset: QuerySet[Customer]) -> HttpResponse | None:
        customers = list(queryset.order_by("pk"))
        if len(customers) != 2:  # noqa: PLR2004
            self.message_user(request, _("Choose exactly two customers to merge."), messages.ERROR)
            return None
        if not all(self.may(request, "merge", customer) for customer in customers):
            self.message_user(request, _("You may not merge these customers."), messages.ERROR)
            return None
        form = SurvivorForm(request.POST if "survivor" in request.POST else None, customers=queryset)
        if not form.is_valid():
            return self._ask_who_remains(request, customers, form)
        self._merge(request, customers, form.cleaned_data["survivor"])
        return None

    merge.verb = "merge"  # type: ignore[attr-defined]

    def _ask_who_remains(self, request: HttpRequest, customers: list[Customer], form: SurvivorForm) -> TemplateResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": _("Merge two"),
            "customers": customers,
            "form": form,
            "opts": self.opts,
        }
        return TemplateResponse(request, "customers/admin_merge.html", context)

    def _merge(self, request: HttpRequest, customers: list[Customer], survivor: Customer) -> None:
        merged = next(customer for customer in customers if customer != survivor)
        try:
            with transaction.atomic():
                services.merge_customers(merged, survivor=survivor, now=timezone.now())
        except BusinessError as refusal:
            self.message_user(request, f"{merged}: {refusal}", messages.ERROR)
        else:
            said = _("%(merged)s was merged into %(survivor)s.") % {"merged": merged, "survivor": survivor}
            self.message_user(request, said, messages.SUCCESS)


class ChildOfCustomerAdmin(UnitRecordAdmin):
    """A child stays with its customer, whose unit it has."""

    list_select_related = ("customer",)
    autocomplete_fields = ("customer",)
    exclude = ("unit",)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fixed = ["customer"] if obj is not None else []
        return [*super().get_readonly_fields(request, obj), *fixed]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: FBT001
        obj.unit_id = obj.customer.unit_id
        super().save_model(request, obj, form, change)


@admin.register(Contact)
class ContactAdmin(ChildOfCustomerAdmin):
    icon = "contact_page"
    list_display = ("name", "title", "customer", "email", "unit")
    list_filter = (("customer", RecordFilter), "unit")
    search_fields = ("name__istartswith", "email__istartswith")
    search_help_text = _("Beginning of the name or the e-mail")
    ordering = ("-pk",)

    def caption(self, row: Contact) -> str:
        return row.name


@admin.register(Address)
class AddressAdmin(ChildOfCustomerAdmin):
    icon = "location_on"
    list_display = ("said", "customer", "city", "country", "unit")
    list_filter = ("kind", ("customer", RecordFilter), "unit")
    search_fields = ("customer__number__istartswith",)
    search_help_text = _("Beginning of the customer's number")
    ordering = ("-pk",)

    @display(description=_("address"))
    def said(self, address: Address) -> str:
        return self.caption(address)

    def caption(self, row: Address) -> str:
        return ", ".join(part for part in (row.get_kind_display(), row.lines, row.city) if part)


@admin.register(CustomerGrant)
class CustomerGrantAdmin(GrantAdmin):
    """Grants on customers."""
