"""Where guardian keeps the grants on rows of a kind."""

from typing import Any

from django.db.models import Model
from guardian.utils import get_user_obj_perms_model


def grant_model(root: type[Model]) -> Any:
    """The subclass of `ObjectGrant` for this kind of row; `None` where its rows take no grants."""
    grants: Any = get_user_obj_perms_model(root)  # type: ignore[arg-type]
    return None if grants.objects.is_generic() else grants
