"""Whether a right that is taken away is gone with the commit, in every process of the web server."""

import http.client
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.contrib.auth.models import Group
from django.db import connection

from apps.access import services as access
from apps.access.models import Assignment, Unit
from apps.accounts import services as accounts
from apps.accounts.models import ApiToken, User
from apps.customers.models import Customer
from tests.benchmarks import stage
from tests.benchmarks.figures import Figure
from tests.benchmarks.load import key
from tests.benchmarks.machine import cpu_seconds
from tests.benchmarks.options import Options
from tests.benchmarks.people import key_of
from tests.benchmarks.servers import Server, serving

CALLERS = 8
ASKED = 60
"""Requests before the commit, and after it."""
PATIENCE = 60
PERMISSION = "view_customer"


@dataclass
class Answers:
    """When each request began, and whether it was let through."""

    seen: list[tuple[float, bool]] = field(default_factory=list)
    is_over: bool = False

    def wait_for_more(self) -> None:
        """Until so many have begun from now on and were answered."""
        since, until = time.monotonic(), time.monotonic() + PATIENCE
        while len([begin for begin, _let in self.seen if begin > since]) < ASKED and time.monotonic() < until:
            time.sleep(0.05)


def call(server: Server, token: str, answers: Answers) -> None:
    """Each request on a connection of its own, so that both workers take some."""
    while not answers.is_over:
        begin = time.monotonic()
        client = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        client.request("GET", f"{server.path}{key(1)}/", headers={"Authorization": f"Bearer {token}"})
        is_let_through = client.getresponse().status == 200
        client.close()
        answers.seen.append((begin, is_let_through))


@contextmanager
def calling(server: Server, token: str) -> Iterator[Answers]:
    answers = Answers()
    threads = [threading.Thread(target=call, args=(server, token, answers)) for _ in range(CALLERS)]
    for thread in threads:
        thread.start()
    try:
        yield answers
    finally:
        answers.is_over = True
        for thread in threads:
            thread.join()


def caller() -> tuple[User, str]:
    user = User.objects.create_user(f"reader{User.objects.count()}@example.org")
    return user, key_of(user)


def in_unit(user: User) -> Assignment:
    role, unit = Group.objects.get(name="customer-viewer"), Unit.objects.get(slug="north")
    return Assignment.objects.create(user=user, role=role, unit=unit)


def a_role_that_ends(user: User) -> Callable[[], object]:
    assignment = in_unit(user)
    return lambda: access.end_assignment(assignment, by=None)


def a_token_that_is_revoked(user: User) -> Callable[[], object]:
    in_unit(user)
    return lambda: accounts.revoke_token(ApiToken.objects.get(user=user))


def a_person_who_leaves(user: User) -> Callable[[], object]:
    in_unit(user)
    return lambda: User.objects.filter(pk=user.pk).update(is_active=False)


def a_grant_that_is_taken_back(user: User) -> Callable[[], object]:
    row = Customer.objects.get(pk=key(1))
    access.grant(user, permission=PERMISSION, row=row, by=None)
    return lambda: access.revoke(user, permission=PERMISSION, row=row, by=None)


def a_role_that_loses_a_permission(user: User) -> Callable[[], object]:
    in_unit(user)

    def lose() -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "DELETE FROM auth_group_permissions USING auth_group, auth_permission WHERE group_id = auth_group.id"
                " AND permission_id = auth_permission.id AND auth_group.name = 'customer-viewer' AND codename = %s",
                [PERMISSION],
            )

    return lose


# The last one leaves the role without its permission.
WAYS = (
    a_role_that_ends,
    a_token_that_is_revoked,
    a_person_who_leaves,
    a_grant_that_is_taken_back,
    a_role_that_loses_a_permission,
)


def measure(options: Options) -> Iterator[Figure]:
    stage.empty()
    scene = stage.scene()
    stage.load_customers(10, [scene.south, scene.north])
    with serving("ours") as server:
        for way in WAYS:
            user, token = caller()
            revoke = way(user)
            before = [cpu_seconds([worker]) for worker in server.workers()]
            with calling(server, token) as answers:
                answers.wait_for_more()
                revoke()
                committed = time.monotonic()
                answers.wait_for_more()
            after = [cpu_seconds([worker]) for worker in server.workers()]
            earlier = sum(let for begin, let in answers.seen if begin < committed)
            later = [let for begin, let in answers.seen if begin > committed]
            wrong = "" if earlier and later else "nothing was asked before or after"
            if any(now <= then for then, now in zip(before, after, strict=True)):
                wrong = "a process answered nothing"
            note = f"{len(later)} asked after the commit, {earlier} let through before"
            yield Figure(f"{way.__name__.replace('_', ' ')}: let through", sum(later), "", 0, note=note, wrong=wrong)
