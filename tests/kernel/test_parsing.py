"""Bodies with one meaning only, of characters that can be stored."""

from io import BytesIO

import pytest
from rest_framework.exceptions import ParseError

from apps.kernel.parsing import StrictJSONParser


@pytest.mark.parametrize("body", [r'{"name": "a\u0000b"}', r'{"\ud800": 1}', r'{"lines": [{"note": "\udc00"}]}'])
def test_what_no_text_can_hold_is_refused_wherever_it_stands(body):
    with pytest.raises(ParseError, match="NUL or a lone surrogate"):
        StrictJSONParser().parse(BytesIO(body.encode()))


def test_a_pair_of_surrogates_is_one_character_and_an_escaped_backslash_is_text():
    body = rb'{"name": "\ud83d\ude00", "note": "\\u0000"}'

    assert StrictJSONParser().parse(BytesIO(body)) == {"name": "\U0001f600", "note": "\\u0000"}
