from rest_framework.request import Request
from rest_framework.response import Response

from apps.access.api.base import UnitViewSet, action
from apps.kernel.errors import BusinessError
from tests.sample.api.serializers import CloseSerializer, DealSerializer, LineSerializer, PersonSerializer
from tests.sample.models import Deal, Line, Person


class AlreadyClosed(BusinessError):
    """This person is closed already."""

    code = "already_closed"


class PersonViewSet(UnitViewSet):
    queryset = Person.objects.all()
    serializer_class = PersonSerializer
    filterset_fields = ("number",)
    ordering_fields = ("number", "name")

    @action(verb="close", serializer_class=CloseSerializer)
    def close(self, request: Request, pk: str) -> Response:
        wish = self.get_serializer(data=request.data)
        wish.is_valid(raise_exception=True)
        person = self.get_object()
        if person.name == "":
            raise AlreadyClosed(allowed=["reopen"])
        person.name = ""
        person.save(update_fields=["name"])
        return self.answer(person)


class DealViewSet(UnitViewSet):
    queryset = Deal.objects.all()
    serializer_class = DealSerializer
    filterset_fields = ("number", "buyer")
    ordering_fields = ("number", "closed_at")


class LineViewSet(UnitViewSet):
    queryset = Line.objects.all()
    serializer_class = LineSerializer
