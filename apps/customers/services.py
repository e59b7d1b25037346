from datetime import datetime, timedelta

from django.db import transaction

from apps.customers.events import CustomerClosed, CustomerFellDormant, CustomerReopened, CustomersMerged
from apps.customers.models import Address, Contact, Customer
from apps.events.bus import publish, publish_all
from apps.kernel.errors import BusinessError
from apps.kernel.registry import Objections
from apps.kernel.trail import because

DORMANT_AFTER = timedelta(days=365)


class AlreadyClosed(BusinessError):
    """This customer is closed already."""

    code = "already_closed"


class AlreadyActive(BusinessError):
    """This customer is active already."""

    code = "already_active"


class MergedAway(BusinessError):
    """This customer was merged into another one. Work with that one."""

    code = "merged_away"


class MergedWithItself(BusinessError):
    """A customer cannot be merged with itself. Choose another one."""

    code = "merged_with_itself"


class MergedAcrossUnits(BusinessError):
    """These customers belong to different units. Only customers of one unit can be merged."""

    code = "merged_across_units"


class SurvivorClosed(BusinessError):
    """The customer that is to remain is closed. Reopen it first."""

    code = "survivor_closed"


@transaction.atomic
def close_customer(customer: Customer, *, reason: str, now: datetime) -> Customer:
    """Upper floors say no through `Objections("customers.close")`, which is asked while the row is locked."""
    customer = Customer.objects.select_for_update().get(pk=customer.pk)
    if customer.is_closed:
        raise AlreadyClosed(allowed=["reopen"])
    Objections("customers.close").check(customer)
    with because(reason):
        _mark_closed(customer, now)
    publish(CustomerClosed(customer=str(customer.pk)), unit=customer.unit_id)
    return customer


@transaction.atomic
def reopen_customer(customer: Customer) -> Customer:
    """A closed or dormant customer is active again."""
    customer = Customer.objects.select_for_update().get(pk=customer.pk)
    if customer.status == Customer.Status.ACTIVE:
        raise AlreadyActive(allowed=["close", "merge"])
    if customer.merged_into_id is not None:
        raise MergedAway(survivor=str(customer.merged_into_id))
    customer.status = Customer.Status.ACTIVE
    customer.closed_at = None
    customer.save(update_fields=["status", "closed_at", "updated_at"])
    publish(CustomerReopened(customer=str(customer.pk)), unit=customer.unit_id)
    return customer


@transaction.atomic
def merge_customers(customer: Customer, *, survivor: Customer, now: datetime) -> Customer:
    """Close `customer` and give what it has to `survivor`; upper floors follow when they hear `CustomersMerged`."""
    if customer.pk == survivor.pk:
        raise MergedWithItself
    locked = Customer.objects.select_for_update().order_by("pk").in_bulk([customer.pk, survivor.pk])
    customer, survivor = locked[customer.pk], locked[survivor.pk]
    _refuse_merge(customer, survivor)
    Contact.objects.filter(customer=customer).update(customer=survivor, updated_at=now)
    Address.objects.filter(customer=customer).update(customer=survivor, updated_at=now)
    Customer.objects.filter(merged_into=customer).update(merged_into=survivor, updated_at=now)
    customer.merged_into = survivor
    _mark_closed(customer, now)
    publish(CustomersMerged(customer=str(customer.pk), survivor=str(survivor.pk)), unit=customer.unit_id)
    return survivor


@transaction.atomic
def remind_dormant(*, now: datetime) -> int:
    """Let active customers that nobody touched for a year fall dormant, and say so; returns how many.

    `Objections("customers.dormant")` is how an upper floor says that it still does business with one.
    """
    untouched = Customer.objects.untouched_since(now - DORMANT_AFTER).select_for_update(skip_locked=True)
    quiet = [customer for customer in untouched if not Objections("customers.dormant").to(customer)]
    Customer.objects.filter(pk__in=[customer.pk for customer in quiet]).update(
        status=Customer.Status.DORMANT, updated_at=now
    )
    for unit in {customer.unit_id for customer in quiet}:
        fallen = [CustomerFellDormant(customer=str(customer.pk)) for customer in quiet if customer.unit_id == unit]
        publish_all(fallen, unit=unit)
    return len(quiet)


def _mark_closed(customer: Customer, now: datetime) -> None:
    customer.status = Customer.Status.CLOSED
    customer.closed_at = customer.closed_at or now
    customer.save(update_fields=["status", "closed_at", "merged_into", "updated_at"])


def _refuse_merge(customer: Customer, survivor: Customer) -> None:
    if customer.unit_id != survivor.unit_id:
        raise MergedAcrossUnits
    if customer.merged_into_id is not None:
        raise MergedAway(survivor=str(customer.merged_into_id))
    if survivor.is_closed:
        raise SurvivorClosed(allowed=["reopen"])
