"""Erasing what the trail holds about a person. The log keeps its proof: a leaf has digests, and those stay."""

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

import orjson
from django.db import OperationalError, connection, transaction
from django.db.models import Q
from psycopg.errors import ObjectNotInPrerequisiteState

from apps.audit.leaves import ADDRESS, REASON
from apps.audit.models import AuditEvent
from apps.kernel.errors import BusinessError
from apps.kernel.trail import current

BLOCK = 2_000


class UnderLegalHold(BusinessError):
    """A legal hold keeps these entries. Release it before anything of them is erased."""

    code = "under_legal_hold"

    def __init__(self, hold: str) -> None:
        super().__init__(
            f"The legal hold {hold} keeps these entries. Release it before anything of them is erased.", hold=hold
        )


def redact(erased: Mapping[int, Iterable[str]], *, ground: str) -> int:
    """Erase these fields of these entries and enter it into the trail; returns how many values went."""
    context = current()
    said = [
        orjson.dumps({str(event): sorted(fields) for event, fields in erased.items()}).decode(),
        ground,
        orjson.dumps(context.payload() if context else {}).decode(),
    ]
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT audit_redact(%s::jsonb, %s, %s::jsonb)", said)
            return int(cursor.fetchone()[0])
    except OperationalError as error:
        if isinstance(error.__cause__, ObjectNotInPrerequisiteState):
            raise UnderLegalHold(str(error.__cause__.diag.message_detail)) from error
        raise


def redact_person(keys: Sequence[UUID], *, ground: str) -> int:
    """Erase every personal value of the entries about these records, and the addresses from which their owners acted.

    `keys` are those of a person's records. Entries about others that name the person in a free text are not found.
    """
    named = [str(key) for key in keys]
    about = AuditEvent.objects.filter(Q(subject__in=keys) | Q(object_pk__in=named)).exclude(personal={}, reason="")
    erased = {event: {*personal, REASON} for event, personal in about.values_list("pk", "personal").iterator(BLOCK)}
    acted = AuditEvent.objects.filter(actor__in=keys, remote_addr__isnull=False).values_list("pk", flat=True)
    for event in acted.iterator(BLOCK):
        erased.setdefault(event, set()).add(ADDRESS)
    return redact(erased, ground=ground)
