"""Methods that every address answers."""

from apps.access.routes import api_routes


def test_whatever_can_be_read_answers_head():
    methods = {route.view: set(route.view.http_method_names) for route in api_routes()}

    assert [view for view, names in methods.items() if "get" in names and "head" not in names] == []
