"""Refusals by rule. A rule's refusal is a class beside the service that raises it."""

from inspect import cleandoc
from typing import ClassVar

from django.db import IntegrityError

MEMBERS = {"type", "title", "status", "detail", "code", "instance", "errors"}
"""What a problem document says itself, so that no detail of a refusal can say it otherwise."""


class BusinessError(Exception):
    """The rules of the business do not allow this."""

    code: ClassVar[str] = "refused"
    about_access: ClassVar[bool] = False
    """Whether it says what somebody may do, and not what the business allows: then the trail keeps the attempt."""

    def __init__(self, message: str = "", **details: object) -> None:
        """`details` are shown to the caller as members of the problem document, so they hold no personal value."""
        super().__init__(message or cleandoc(type(self).__doc__ or ""))
        if taken := MEMBERS & details.keys():
            raise TypeError(f"{type(self).__name__}: a problem document says {', '.join(sorted(taken))} itself.")
        self.details = details


class NotPermitted(BusinessError):
    """Your roles do not allow this."""

    code = "not_permitted"
    about_access = True


class StaleRecord(BusinessError):
    """Somebody else changed this record after you read it. Read it again and repeat your change."""

    code = "stale_record"


class BrokenRow(IntegrityError):
    """A rule of the database stands against one row of many."""

    def __init__(self, pointer: str) -> None:
        """`pointer` leads to the row in the body; it is empty where that cannot be told."""
        super().__init__()
        self.pointer = pointer
