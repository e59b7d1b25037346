import pytest
from django.contrib.auth.models import Group
from rest_framework.test import APIClient

from apps.access.models import Assignment, Unit


@pytest.fixture
def writer(make_user, root_unit: Unit, api) -> APIClient:
    """Somebody who may do everything that some role may do."""
    user = make_user()
    Assignment.objects.bulk_create(Assignment(user=user, role=role, unit=root_unit) for role in Group.objects.all())
    return api(user)
