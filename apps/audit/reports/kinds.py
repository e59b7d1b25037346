"""The kinds of reports: which question each one answers, what it asks for and which entries it holds."""

from django.contrib.contenttypes.models import ContentType
from django.db.models import Model, Q
from django.utils.translation import gettext_lazy as _

from apps.access.models import ObjectGrant
from apps.accounts.models import User
from apps.audit import family
from apps.audit.filters import matching
from apps.audit.models import AuditEvent
from apps.audit.querysets import AuditEventQuerySet
from apps.audit.reports.configuration import CONFIGURATION
from apps.audit.reports.kind import Kind, Said, Table
from apps.audit.reports.parameters import ACTION, KIND, PERMISSION, PERSON, PLACE, RECORD, TEXT, UNIT, Parameter, split
from apps.audit.reports.past import Span
from apps.audit.reports.rights import people_with_platform_roles, uses_of, who_could_and_did
from apps.kernel.classification import classification_of, classified_models
from apps.kernel.trail import Action

SIGN_INS = (Action.LOGIN, Action.LOGOUT, Action.LOGIN_FAILED)
RIGHTS = {"access.unit", "access.assignment", "auth.group", "auth.group_permissions"}
TOKENS = (Action.TOKEN_ISSUED, Action.TOKEN_REVOKED)


def _kinds(labels: set[str]) -> Q:
    named = (label.split(".") for label in labels)
    pairs = Q(pk__in=())
    for app_label, name in named:
        pairs |= Q(app_label=app_label, model=name)
    return Q(content_type__in=list(ContentType.objects.filter(pairs).values_list("pk", flat=True)))


def _labels(models: list[type[Model]]) -> set[str]:
    return {model._meta.label_lower for model in models}


def activity(said: Said, period: Span) -> AuditEventQuerySet:
    """What was done in a person's name, and the attempts to sign in as that person."""
    user = ContentType.objects.get_for_model(User)
    sign_ins = Q(content_type=user, object_pk=said["of"], action__in=SIGN_INS)
    return AuditEvent.objects.filter(Q(actor=said["of"]) | sign_ins)


def history(said: Said, period: Span) -> AuditEventQuerySet:
    return AuditEvent.objects.filter(family.about(*split(said["of"])))


def one_request(said: Said, period: Span) -> AuditEventQuerySet:
    return matching(request=said["of"])


def personal_data(said: Said, period: Span) -> AuditEventQuerySet:
    holding = [
        model
        for model in classified_models()
        if (found := classification_of(model)) and any(kind.is_personal for kind in found.kinds().values())
    ]
    entries = AuditEvent.objects.filter(_kinds(_labels(holding)), action__in=(Action.ACCESS, Action.EXPORT))
    if "of" in said:
        _model, key = split(said["of"])
        entries = entries.filter(Q(object_pk=key) | Q(additional_data__contains={"ids": [key]}))
    return entries.filter(actor=said["by"]) if "by" in said else entries


def rights(said: Said, period: Span) -> AuditEventQuerySet:
    grants = _labels([model for model in classified_models() if issubclass(model, ObjectGrant)])
    changed = _kinds(RIGHTS | grants) & Q(action__lte=Action.DELETE)
    activated = _kinds({"accounts.user"}) & Q(action=Action.UPDATE, changes__has_key="is_active")
    entries = AuditEvent.objects.filter(changed | activated | Q(action__in=TOKENS))
    if "of" in said:
        entries = entries.filter(
            Q(subject=said["of"]) | Q(object_pk=said["of"]) | Q(actor=said["of"], action__in=TOKENS)
        )
    return entries


def refusals(said: Said, period: Span) -> AuditEventQuerySet:
    entries = AuditEvent.objects.filter(action__in=(Action.REFUSED, Action.LOGIN_FAILED))
    return entries.filter(Q(actor=said["by"]) | Q(object_pk=said["by"])) if "by" in said else entries


def privileged(said: Said, period: Span) -> AuditEventQuerySet:
    """By people who held a platform role at some time of the period, by a shell, or past the application."""
    by_people = Q(actor__in=sorted(people_with_platform_roles(period)))
    past_the_doors = Q(source="database") | Q(source__startswith="command:") | Q(action=Action.DDL)
    entries = AuditEvent.objects.filter(by_people | past_the_doors)
    return entries.filter(actor=said["by"]) if "by" in said else entries


def configuration(said: Said, period: Span) -> AuditEventQuerySet:
    changed = _kinds(CONFIGURATION) & Q(action__lte=Action.DELETE)
    return AuditEvent.objects.filter(changed | Q(action=Action.DDL))


def could_and_did(said: Said, period: Span) -> AuditEventQuerySet:
    return uses_of(said["permission"], said.get("where", ""))


def filtered(said: Said, period: Span) -> AuditEventQuerySet:
    return matching(None, None, **said)


_BY = Parameter(name="by", title=_("By"), type=PERSON)

KINDS: dict[str, Kind] = {
    kind.slug: kind
    for kind in (
        Kind(
            slug="activity",
            title=_("Activity of a person"),
            answers=_("What did this person do, and when did they, or somebody as them, sign in?"),
            parameters=(Parameter(name="of", title=_("Person"), type=PERSON, required=True),),
            entries=activity,
        ),
        Kind(
            slug="history",
            title=_("History of a record"),
            answers=_("What became of this record, of its lines, and of the files made for it?"),
            parameters=(Parameter(name="of", title=_("Record"), type=RECORD, required=True),),
            entries=history,
        ),
        Kind(
            slug="request",
            title=_("One request"),
            answers=_("What did one click or one call of the API do, in every table?"),
            parameters=(Parameter(name="of", title=_("Request"), type=TEXT, required=True),),
            entries=one_request,
        ),
        Kind(
            slug="personal-data",
            title=_("Access to personal data"),
            answers=_("Who read or exported data about people?"),
            parameters=(Parameter(name="of", title=_("Whose record"), type=RECORD), _BY),
            entries=personal_data,
        ),
        Kind(
            slug="rights",
            title=_("Changes of roles and permissions"),
            answers=_(
                "Who was given or lost a role, a grant, a token or an account, and what did roles come to allow?"
            ),
            parameters=(Parameter(name="of", title=_("Whose"), type=PERSON),),
            entries=rights,
        ),
        Kind(
            slug="refusals",
            title=_("Refused attempts"),
            answers=_("Who tried what they may not do, or failed to sign in?"),
            parameters=(_BY,),
            entries=refusals,
        ),
        Kind(
            slug="privileged",
            title=_("Privileged actions"),
            answers=_(
                "What did holders of platform roles do, what was done in a shell, and what past the application?"
            ),
            parameters=(_BY,),
            entries=privileged,
        ),
        Kind(
            slug="configuration",
            title=_("Changes of configuration"),
            answers=_("What was changed about how the system works: units, roles, clients of partners, the schema?"),
            entries=configuration,
        ),
        Kind(
            slug="could-and-did",
            title=_("Who could, who did"),
            answers=_("Who held this permission there, through what and when, and how often did each of them use it?"),
            parameters=(
                Parameter(name="permission", title=_("Permission"), type=PERMISSION, required=True),
                Parameter(name="where", title=_("Where"), type=PLACE),
            ),
            entries=could_and_did,
            table=Table(
                caption=_("Who held the permission, and how often they used it"),
                basis=_(
                    "Worked out when this report was made, from the rights as they are now and the entries about every"
                    " change of them. This table is no sealed evidence: the entries below are, and those about rights"
                    " are in the report “Changes of roles and permissions”."
                ),
                names=("person", "name", "could", "times", "first", "last", "unexplained"),
                headings=(
                    _("Key of the person"),
                    _("Person"),
                    _("Could"),
                    _("Did, times"),
                    _("First"),
                    _("Last"),
                    _("Of these without the permission"),
                ),
                rows=lambda said, period: who_could_and_did(said["permission"], said.get("where", ""), period),
            ),
        ),
        Kind(
            slug="entries",
            title=_("Entries of a filter"),
            answers=_("Which entries meet all of these?"),
            parameters=(
                Parameter(name="actor", title=_("Person"), type=PERSON),
                Parameter(name="object", title=_("Key of the record"), type=TEXT),
                Parameter(name="model", title=_("Kind of record"), type=KIND),
                Parameter(name="action", title=_("Action"), type=ACTION),
                Parameter(name="request", title=_("Request"), type=TEXT),
                Parameter(name="unit", title=_("Unit"), type=UNIT),
                Parameter(name="batch", title=_("Batch"), type=TEXT),
            ),
            entries=filtered,
        ),
    )
}
