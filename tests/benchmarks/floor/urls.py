from django.db import transaction
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter
from rest_framework.serializers import BaseSerializer, ModelSerializer
from rest_framework.viewsets import ModelViewSet

from tests.benchmarks.floor.models import Customer


class CustomerSerializer(ModelSerializer):
    class Meta:
        model = Customer
        fields = "__all__"
        read_only_fields = ["status", "closed_at", "merged_into"]


class CustomerViewSet(ModelViewSet):
    queryset = Customer.objects.all()
    serializer_class = CustomerSerializer
    filterset_fields = ["number", "status"]
    ordering_fields = ["number", "name", "created_at"]

    def get_serializer(self, *args: object, **kwargs: object) -> BaseSerializer:
        """A list of rows is taken too, as DRF's own `many=True` stores them: one after the other."""
        if isinstance(kwargs.get("data"), list):
            kwargs["many"] = True
        return super().get_serializer(*args, **kwargs)

    def create(self, request: Request, *args: object, **kwargs: object) -> Response:
        if not isinstance(request.data, list):
            return super().create(request, *args, **kwargs)
        with transaction.atomic():
            return super().create(request, *args, **kwargs)


router = SimpleRouter()
router.register("customers", CustomerViewSet)
urlpatterns = router.urls
