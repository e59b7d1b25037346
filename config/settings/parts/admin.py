"""django-unfold."""

from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

UNFOLD = {
    "SITE_TITLE": "Steward",
    "SITE_HEADER": "Steward",
    "SITE_SYMBOL": "verified_user",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": lambda _request: static("kernel/mark.svg")}],
    "SCRIPTS": [lambda _request: static("kernel/staff.js")],
    "STYLES": [lambda _request: static("kernel/staff.css")],
    "SHOW_VIEW_ON_SITE": False,
    "SIDEBAR": {"show_search": True, "command_search": False, "navigation": "config.navigation.menu"},
    "ACCOUNT": {
        "navigation": [
            {"title": _("My account"), "link": reverse_lazy("account")},
            {"title": _("API tokens"), "link": reverse_lazy("account_tokens")},
            {"title": _("Sessions"), "link": reverse_lazy("usersessions_list")},
        ]
    },
}
