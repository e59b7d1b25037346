"""The start page costs little for anybody, whatever is behind it, and shows each reader his own panels only."""

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.access.models import Assignment
from apps.access.panels import _panels, panels_for
from apps.accounts.models import User
from apps.kernel.registry import domains

ROLES = sorted(role.slug for _label, role in domains.roles())
MOST_QUERIES = 25


@pytest.fixture
def everything(make_user, root_unit) -> User:
    """Somebody who holds every role at once."""
    user = make_user()
    Assignment.objects.bulk_create(Assignment(user=user, role=role, unit=root_unit) for role in Group.objects.all())
    return user


def test_the_start_page_of_somebody_with_every_role_stays_cheap(sign_in, everything):
    client = sign_in(everything)
    client.get(reverse("admin:index"))

    with CaptureQueriesContext(connection) as asked:
        page = client.get(reverse("admin:index"))

    assert page.status_code == 200
    assert len([query for query in asked.captured_queries if "SAVEPOINT" not in query["sql"]]) <= MOST_QUERIES


@pytest.mark.parametrize("name", sorted(_panels))
def test_every_panel_opens_and_says_what_it_means_when_nothing_is_there(sign_in, everything, name: str):
    client = sign_in(everything)

    with CaptureQueriesContext(connection) as asked:
        page = client.get(reverse("admin:start_panel", args=[name]))

    assert page.status_code == 200
    assert len(asked) <= MOST_QUERIES


@pytest.mark.parametrize("role", ROLES)
def test_a_role_gets_the_panels_that_its_permissions_open(sign_in, make_user, role: str):
    user = make_user(role)
    client = sign_in(user)
    mine = {panel.name for panel in panels_for(user)}

    page = client.get(reverse("admin:index")).content.decode()

    assert {name for name in _panels if f'id="panel-{name}"' in page} == mine
    refused = sorted(_panels.keys() - mine)[0]
    assert client.get(reverse("admin:start_panel", args=[refused])).status_code == 404
