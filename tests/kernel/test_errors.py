"""Refusals: what they add to a problem document never hides what the document says itself."""

import pytest

from apps.kernel.errors import BusinessError
from apps.kernel.problems import problem


@pytest.mark.parametrize("name", problem(409, "refused", "No."))
def test_a_detail_never_takes_the_name_of_a_member(name):
    with pytest.raises(TypeError, match=name):
        BusinessError(**{name: "draft"})
