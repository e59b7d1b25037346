from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from apps.access.api.base import UnitViewSet, action
from apps.access.api.bulk import BulkCreateMixin
from apps.customers import services
from apps.customers.api.serializers import (
    AddressSerializer,
    CloseSerializer,
    ContactSerializer,
    CustomerSerializer,
    MergeSerializer,
)
from apps.customers.models import Address, Contact, Customer


class CustomerViewSet(BulkCreateMixin, UnitViewSet):
    queryset = Customer.objects.all()
    serializer_class = CustomerSerializer
    http_method_names = ["get", "head", "post", "put", "patch"]
    filterset_fields = {
        "number": ["exact"],
        "status": ["exact"],
        "merged_into": ["exact"],
        "created_at": ["gte", "lt"],
    }
    ordering_fields = ("number", "name", "created_at")
    search_fields = ("number", "name", "email")

    @action(verb="close", serializer_class=CloseSerializer)
    def close(self, request: Request, pk: str) -> Response:
        return self.answer(services.close_customer(self.get_object(), **self.wish(), now=timezone.now()))

    @action(verb="reopen")
    def reopen(self, request: Request, pk: str) -> Response:
        self.wish()
        return self.answer(services.reopen_customer(self.get_object()))

    @action(verb="merge", serializer_class=MergeSerializer)
    def merge(self, request: Request, pk: str) -> Response:
        """Merge this customer into the survivor, which is answered."""
        survivor = self.wish()["survivor"]
        self.check_object_permissions(request, survivor)
        return self.answer(services.merge_customers(self.get_object(), survivor=survivor, now=timezone.now()))


class ContactViewSet(BulkCreateMixin, UnitViewSet):
    queryset = Contact.objects.all()
    serializer_class = ContactSerializer
    filterset_fields = ("customer",)
    ordering_fields = ("name",)
    search_fields = ("name", "email")


class AddressViewSet(BulkCreateMixin, UnitViewSet):
    queryset = Address.objects.all()
    serializer_class = AddressSerializer
    filterset_fields = ("customer",)
    ordering_fields = ("city",)
