"""The columns of our customers, each filter and each ordering with an index of its own."""

from django.db import models
from uuid_utils.compat import uuid7


class Unit(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=100)

    class Meta:
        app_label = "floor"

    def __str__(self) -> str:
        return self.name


class Customer(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)
    updated_at = models.DateTimeField(auto_now=True)
    unit = models.ForeignKey(Unit, models.PROTECT)
    kind = models.CharField(max_length=12, default="organisation")
    number = models.CharField(max_length=20, db_index=True)
    name = models.CharField(max_length=150, db_index=True)
    email = models.EmailField(blank=True)
    phone = models.CharField(max_length=40, blank=True)
    status = models.CharField(max_length=10, default="active", db_index=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    merged_into = models.ForeignKey("self", models.PROTECT, null=True, blank=True)
    credit_limit = models.DecimalField(max_digits=12, decimal_places=2, null=True, blank=True)
    credit_currency = models.CharField(max_length=3, blank=True)

    class Meta:
        app_label = "floor"
        constraints = [models.UniqueConstraint(fields=["unit", "number"], name="floor_number_unique_in_unit")]

    def __str__(self) -> str:
        return self.number
