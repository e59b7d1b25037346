"""A pretend domain: the platform is tested with it, never with a real one."""

from django.db import models

from apps.access.models import ObjectGrant, UnitRecord
from apps.kernel.classification import (
    Actor,
    Blank,
    Classification,
    DeleteBlob,
    File,
    FreeText,
    Identifier,
    Json,
    Keep,
    Linked,
    NotPersonal,
    Null,
    Owner,
    Part,
    Personal,
    Ref,
    Retention,
    ScrubKnown,
    Technical,
)


class Person(UnitRecord):
    """Somebody the organisation knows."""

    number = models.CharField(max_length=20)
    name = models.CharField(max_length=100)
    email = models.EmailField(blank=True)

    classification = Classification(
        activity="sample.records",
        edges={"unit": Ref()},
        fields={
            "id created_at updated_at number unit": Technical(),
            "name": Personal("pd:Name", erase=Blank()),
            "email": Identifier("pd:EmailAddress", normalise=str.casefold, erase=Blank()),
        },
        erase_row="anonymise",
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["unit", "number"], name="sample_person_number")]
        indexes = [
            models.Index(fields=["unit", "id"], name="sample_person_of_unit"),
            models.Index(fields=["unit", "name", "id"], name="sample_person_of_unit_by_name"),
            models.Index(fields=["email"], name="sample_person_email"),
        ]
        permissions = [("close_person", "Can close a person")]

    def __str__(self) -> str:
        return self.number


class PersonGrant(ObjectGrant):
    content_object = models.ForeignKey(Person, models.CASCADE)

    classification = Classification(
        activity="sample.records",
        edges={"user": Owner("holder of a grant"), "permission": Ref(), "content_object": Ref()},
        fields={"id user permission content_object valid_from valid_until": Technical()},
        erase_row="delete",
    )


class Tag(UnitRecord):
    label = models.CharField(max_length=30)

    classification = Classification(
        edges={"unit": Ref()},
        fields={"id created_at updated_at unit": Technical(), "label": NotPersonal("a word of the catalogue")},
    )

    class Meta:
        indexes = [models.Index(fields=["unit", "id"], name="sample_tag_of_unit")]

    def __str__(self) -> str:
        return self.label


class Deal(UnitRecord):
    """Something between a buyer and an agent, two people in one row."""

    number = models.CharField(max_length=20)
    buyer = models.ForeignKey(Person, models.PROTECT, related_name="deals")
    agent = models.ForeignKey(Person, models.SET_NULL, null=True, blank=True, related_name="agent_deals")
    ship_to = models.CharField(max_length=200, blank=True)
    total = models.DecimalField(max_digits=12, decimal_places=2, default=0)
    note = models.TextField(blank=True)
    extra = models.JSONField(default=dict, blank=True)
    scan = models.FileField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    tags = models.ManyToManyField(Tag, blank=True)

    classification = Classification(
        activity="sample.records",
        edges={"buyer": Owner("buyer"), "agent": Actor("agent"), "unit": Ref(), "tags": Ref()},
        fields={
            "id created_at updated_at number unit closed_at buyer agent tags": Technical(),
            "ship_to": Personal("pd:PhysicalAddress", erase=Blank()),
            "total": Linked("pd:Transactional", origin="observed", erase=Keep("tax-10y")),
            "note": FreeText(about="any", erase=ScrubKnown(), export="review"),
            "extra": Json(
                {
                    "$.gift.to_name": Personal("pd:Name", about="other", erase=Null()),
                    "$.utm": NotPersonal("campaign code"),
                }
            ),
            "scan": File("pd:Signature", erase=DeleteBlob()),
        },
        retention=Retention(anchor="closed_at", fallback="created_at", keep="P10Y", law="§ 147 AO"),
        erase_row="anonymise",
        trail="tax-10y",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["unit", "number"], name="sample_deal_number"),
            models.CheckConstraint(
                condition=models.Q(total__gte=0),
                name="sample_deal_total_not_negative",
                violation_error_message="A total is not negative.",
            ),
        ]
        indexes = [
            models.Index(fields=["unit", "id"], name="sample_deal_of_unit"),
            models.Index(fields=["unit", "closed_at", "id"], name="sample_deal_of_unit_by_end"),
        ]

    def __str__(self) -> str:
        return self.number


class Line(UnitRecord):
    deal = models.ForeignKey(Deal, models.CASCADE, related_name="lines")
    what = models.CharField(max_length=100)
    quantity = models.PositiveIntegerField(default=1)

    granted_through = "deal"
    classification = Classification(
        activity="sample.records",
        edges={"deal": Part(), "unit": Ref()},
        fields={
            "id created_at updated_at unit deal quantity": Technical(),
            "what": Linked("pd:PurchasesAndSpendingHabit", origin="observed"),
        },
        erase_row="delete",
    )

    class Meta:
        indexes = [models.Index(fields=["unit", "id"], name="sample_line_of_unit")]

    def __str__(self) -> str:
        return str(self.pk)


class Tagging(models.Model):
    """A through table with a column of its own."""

    person = models.ForeignKey(Person, models.CASCADE)
    tag = models.ForeignKey(Tag, models.CASCADE)
    weight = models.IntegerField(default=1)

    classification = Classification(
        activity="sample.records",
        edges={"person": Owner("tagged"), "tag": Ref()},
        fields={"id person tag weight": Technical()},
        erase_row="delete",
    )

    def __str__(self) -> str:
        return str(self.pk)


class Effect(models.Model):
    """What a subscriber or a job has done, so that a test can count it."""

    what = models.CharField(max_length=50)
    of = models.CharField(max_length=50)

    classification = Classification(fields={"id what of": Technical()})

    def __str__(self) -> str:
        return f"{self.what} {self.of}"
