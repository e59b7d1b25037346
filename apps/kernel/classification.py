"""What a model declares about the personal data it holds (GDPR), as one typed value.

Categories are terms of the Data Privacy Vocabulary (DPV 2.3, `pd:` = https://w3id.org/dpv/pd#). The checks that hold
every model to its declaration are in `apps.privacy.checks`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Literal, cast
from uuid import uuid4

from django.apps import apps
from django.db import models

Origin = Literal["provided", "observed", "derived", "inferred", "third-party"]
RowErasure = Literal["delete", "anonymise", "keep"]


@dataclass(frozen=True)
class Eraser:
    """What becomes of a value when the person it is about is erased."""


@dataclass(frozen=True)
class Null(Eraser):
    """NULL."""


@dataclass(frozen=True)
class Blank(Eraser):
    """The empty string, list or object."""


@dataclass(frozen=True)
class Constant(Eraser):
    value: object


@dataclass(frozen=True)
class RandomUnique(Eraser):
    """`erased-` and a random UUID (39 characters), then `suffix` where the column wants a form (an e-mail address)."""

    suffix: str = ""

    def value(self) -> str:
        return f"erased-{uuid4().hex}{self.suffix}"


@dataclass(frozen=True)
class Generalise(Eraser):
    """Coarser: a date to its year, an address to its network, an amount to its band."""

    to: Literal["year", "month", "network", "postcode", "band"]


@dataclass(frozen=True)
class ScrubKnown(Eraser):
    """The person's known identifiers are taken out of free text as whole words."""


@dataclass(frozen=True)
class DeleteBlob(Eraser):
    versions: bool = True
    derivatives: tuple[str, ...] = ()


@dataclass(frozen=True)
class Opaque(Eraser):
    """The whole JSON value goes, because its inside is not described."""


@dataclass(frozen=True)
class Keep(Eraser):
    """Kept under Art. 17(3): `ground` is a key of `apps.kernel.classification.GROUNDS`, which says until when."""

    ground: str


@dataclass(frozen=True)
class Ground:
    """An exception to erasure: the law behind it and an ISO 8601 duration counted from the row's retention anchor."""

    article: str
    law: str
    keep: str


GROUNDS: dict[str, Ground] = {
    "tax-10y": Ground("17(3)(b)", "Commercial and tax law: books and vouchers (e.g. § 147 AO, § 257 HGB)", "P10Y"),
    "labour-3y": Ground("17(3)(e)", "Limitation of claims from employment (e.g. § 195 BGB)", "P3Y"),
    "accountability-3y": Ground("17(3)(b)", "Art. 5(2) GDPR: proof that the duties were met", "P3Y"),
}


@dataclass(frozen=True, kw_only=True)
class Edge:
    """What a relation means for the people behind it."""


@dataclass(frozen=True)
class Owner(Edge):
    """The row is about this person, in this role."""

    role: str


@dataclass(frozen=True)
class CoSubject(Edge):
    """The row is also about this person."""

    role: str


@dataclass(frozen=True)
class Actor(Edge):
    """This person did something with the row; the row is not theirs."""

    role: str


@dataclass(frozen=True)
class Named(Edge):
    """The row names this person, in this role, and is about somebody else."""

    role: str


@dataclass(frozen=True)
class Part(Edge):
    """The row is a part of its parent and about the same people."""


@dataclass(frozen=True)
class Same(Edge):
    """The same human being in another role."""


@dataclass(frozen=True)
class Ref(Edge):
    """No personal meaning."""


@dataclass(frozen=True)
class Generic(Edge):
    """A generic relation. `kinds` maps a model label to the edge that holds for rows of that model.

    `ct` is a foreign key to the content type or a column that holds the model's label; empty: `pk` holds the key of a
    person of any model, which is possible because keys are unique everywhere.
    """

    ct: str
    pk: str
    kinds: Mapping[str, Edge] = field(default_factory=dict)


@dataclass(frozen=True)
class Key(Edge):
    """A link without a foreign key: the value of `field`, normalised, equals `matches` (`app.Model.field`)."""

    field: str
    matches: str
    normalise: Callable[[str], str] = str
    role: str = "subject"


@dataclass(frozen=True)
class JsonKey(Edge):
    """A key of a person inside a JSON field, as in `JsonKey("$.user_id", "accounts.User")`."""

    path: str
    model: str
    role: str = "subject"


@dataclass(frozen=True, kw_only=True)
class Kind:
    """What a field holds. `about` names the edge whose person the value describes; empty means the row's subject."""

    origin: Origin = "provided"
    about: str = ""
    purposes: tuple[str, ...] = ()
    erase: Eraser | None = None
    rectify: Literal["self", "staff", "never"] = "staff"
    export: Literal["value", "review", "held", "omit"] = "value"
    source: str = ""
    """Where third-party data came from (Art. 14(2)(f))."""

    @property
    def is_personal(self) -> bool:
        return True


@dataclass(frozen=True)
class Personal(Kind):
    category: str


@dataclass(frozen=True)
class Identifier(Kind):
    """Finds or verifies a person. A model with one is a model of people."""

    category: str
    normalise: Callable[[str], str] = str


@dataclass(frozen=True)
class Special(Kind):
    """Special category (Art. 9); `art9` is the condition of Art. 9(2) that allows it, such as `A9-2-b`."""

    category: str
    art9: str


@dataclass(frozen=True)
class Criminal(Kind):
    """Convictions and offences (Art. 10)."""

    category: str
    art10: str


@dataclass(frozen=True)
class Linked(Kind):
    """About the person, but identifies nobody."""

    category: str


@dataclass(frozen=True)
class Inferred(Kind):
    """Concluded about the person: shown under Art. 15, not under Art. 20."""

    category: str


@dataclass(frozen=True)
class FreeText(Kind):
    """Text in which anything about anybody may stand."""

    category: str = "pd:Communication"


@dataclass(frozen=True)
class Json(Kind):
    """A JSON value described path by path."""

    paths: Mapping[str, Kind]
    unknown: Literal["refuse", "quarantine"] = "refuse"


@dataclass(frozen=True)
class File(Kind):
    category: str


@dataclass(frozen=True, kw_only=True)
class Secret(Kind):
    """Never shown as a value; an export says that one is held."""

    export: Literal["value", "review", "held", "omit"] = "held"


@dataclass(frozen=True, kw_only=True)
class Derived(Kind):
    """Computed from other fields of the same model, which are erased with them."""

    sources: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Technical(Kind):
    """Keys, moments and states that the software needs."""

    @property
    def is_personal(self) -> bool:
        return False


@dataclass(frozen=True)
class NotPersonal(Kind):
    """Holds nothing about people; `reviewer` is required for free text, JSON and files."""

    reason: str
    reviewer: str = ""

    @property
    def is_personal(self) -> bool:
        return False


@dataclass(frozen=True, kw_only=True)
class Retention:
    """How long a row is kept: an ISO 8601 duration counted from the `anchor` field, and the law behind it."""

    anchor: str
    keep: str
    law: str
    then: Literal["erase", "delete", "keep"] = "erase"
    fallback: str = ""
    """The anchor while the first one is NULL."""


ReadLevel = Literal["none", "metadata", "values"]


@dataclass(frozen=True)
class Reads:
    """How much the trail keeps when somebody looks at rows: nothing; who, how and which rows; also which fields.

    `none` on rows about people wants a reason.
    """

    level: ReadLevel
    reason: str = ""


@dataclass(frozen=True)
class Unlinked:
    """Personal data that leads to no known person, and how long that is borne."""

    reason: str
    retention: Retention | None = None


@dataclass(frozen=True, kw_only=True)
class Activity:
    """A processing activity: one row of the register of Art. 30. Texts are for people."""

    key: str
    title: str
    purpose: str
    basis: str
    """Art. 6 basis as a DPV term, such as `A6-1-b`."""
    art9: str = ""
    categories_of_subjects: tuple[str, ...] = ()
    recipients: tuple[str, ...] = ()
    transfers: tuple[str, ...] = ()
    measures: tuple[str, ...] = ()


ACTIVITIES: dict[str, Activity] = {}


def activity(declared: Activity) -> Activity:
    """Enter an activity into the register; called in an app's `privacy.py`."""
    ACTIVITIES[declared.key] = declared
    return declared


@dataclass(frozen=True, kw_only=True)
class Classification:
    """The whole declaration of a model. A key of `fields` may name several fields, parted by spaces."""

    activity: str = ""
    edges: Mapping[str, Edge] = field(default_factory=dict)
    fields: Mapping[str, Kind] = field(default_factory=dict)
    retention: Retention | None = None
    unlinked: Unlinked | None = None
    erase_row: RowErasure = "keep"
    trail: str = ""
    """A key of `GROUNDS`: why, and how long, the audit trail keeps the model's entries for another time than usual."""
    reads: Reads | None = None
    """Where it is not said, looking at rows about people is recorded as `metadata`, at any others not at all."""

    def kinds(self) -> dict[str, Kind]:
        """Field name → what it holds, the shorthand unfolded."""
        return {name: kind for names, kind in self.fields.items() for name in names.split()}


_third_party: dict[str, Classification] = {}


def classify(label: str, classification: Classification) -> None:
    """Declare a model that is not ours, in the `privacy.py` of the app that brings it in."""
    _third_party[label.lower()] = classification


def classification_of(model: type[models.Model]) -> Classification | None:
    """A declaration is never inherited from another concrete model: every table says its own."""
    declared = vars(model).get("classification")
    return cast("Classification | None", declared) or _third_party.get(model._meta.label_lower)


def is_about_people(kind: Kind) -> bool:
    if isinstance(kind, Json):
        return any(is_about_people(inner) for inner in kind.paths.values())
    return kind.is_personal and not isinstance(kind, Secret | Derived)


@cache
def read_level(model: type[models.Model]) -> ReadLevel:
    """What nobody classified is taken for personal."""
    declared = classification_of(model)
    if declared is None:
        return "metadata"
    if declared.reads is not None:
        return declared.reads.level
    return "metadata" if any(map(is_about_people, declared.kinds().values())) else "none"


def classified_models() -> list[type[models.Model]]:
    """Every concrete model with a table, the automatic through tables included."""
    return [
        model for model in apps.get_models(include_auto_created=True) if model._meta.managed and not model._meta.proxy
    ]
