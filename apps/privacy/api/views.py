from typing import Any

from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from apps.access.api.base import RecordViewSet, action
from apps.privacy import services
from apps.privacy.api.serializers import EndRequestSerializer, PrivacyRequestSerializer
from apps.privacy.models import PrivacyRequest


class PrivacyRequestViewSet(RecordViewSet):
    """Requests of people about their data. The package itself is fetched in the admin alone, after signing in again."""

    queryset = PrivacyRequest.objects.select_related("package")
    serializer_class = PrivacyRequestSerializer
    http_method_names = ["get", "head", "post"]
    filterset_fields = {"state": ["exact"], "due_on": ["gte", "lte"]}
    ordering_fields = ("due_on", "created_at")

    def perform_create(self, serializer: Any) -> None:
        serializer.instance = services.open_request(
            by=self.request.user, today=timezone.localdate(), **serializer.validated_data
        )

    @action(verb="cancel", serializer_class=EndRequestSerializer)
    def cancel(self, request: Request, pk: str) -> Response:
        return self.answer(services.cancel_request(self.get_object(), **self.wish(), now=timezone.now()))
