"""Whether what somebody may do is still what it was."""

from hashlib import blake2b
from typing import Any

import orjson
from django.db.models import Count, Max, Model, Sum

from apps.access.querysets import UnitRecordQuerySet
from apps.access.roles import held
from apps.accounts.models import User


def rights_mark(user: User, model: type[Model]) -> str:
    """Another one when a role, a permission of a role or a grant on rows of this kind has come or gone."""
    rows: Any = model._default_manager.all()
    grants = rows.grants_of(user) if isinstance(rows, UnitRecordQuerySet) else None
    held_grants = None if grants is None else grants.aggregate(Count("pk"), Max("pk"), Sum("pk"))
    said = orjson.dumps([held(user), held_grants], option=orjson.OPT_SORT_KEYS, default=str)
    return blake2b(said, digest_size=20).hexdigest()
