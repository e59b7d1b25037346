"""Entries for a SIEM in the Elastic Common Schema 8.17. What is told is what the leaf tells."""

from typing import Any

from apps.kernel.trail import Action

VERSION = "8.17.0"
ABOUT_ACCESS = ("accounts.", "access.", "auth.", "oauth2_provider.")
"""Models whose rows say who may do what."""
TYPES = {
    Action.CREATE: ("database", "creation"),
    Action.UPDATE: ("database", "change"),
    Action.DELETE: ("database", "deletion"),
    Action.ACCESS: ("database", "access"),
    Action.EXPORT: ("database", "access"),
    Action.LOGIN: ("authentication", "start"),
    Action.LOGIN_FAILED: ("authentication", "start"),
    Action.LOGOUT: ("authentication", "end"),
    Action.REFUSED: ("api", "denied"),
    Action.TOKEN_ISSUED: ("iam", "creation"),
    Action.TOKEN_REVOKED: ("iam", "deletion"),
    Action.REDACTED: ("database", "deletion"),
    Action.DDL: ("database", "change"),
}
OTHERWISE = ("api", "admin")
WRITES = {Action.CREATE, Action.UPDATE, Action.DELETE}
FAILED = {Action.LOGIN_FAILED, Action.REFUSED}
LABELS = {
    "m": "model",
    "o": "object",
    "p": "subject",
    "b": "batch",
    "w": "source",
    "l": "database_login",
    "k": "application",
}
OWN = {"c": "changes", "d": "digests", "i": "details"}


def document(said: dict[str, Any]) -> dict[str, Any]:
    """The document of one leaf; what the schema has no field for stands under `steward`, whose form is free."""
    action = Action(said["a"])
    name = action.name.lower()
    category, kind = TYPES.get(action, OTHERWISE)
    if action in WRITES and said["m"].startswith(ABOUT_ACCESS):
        category = "iam"
    told: dict[str, Any] = {
        "@timestamp": said["t"],
        "ecs": {"version": VERSION},
        "message": f"{name} {said['m']} {said['o']}".rstrip(),
        "event": {
            "kind": "event",
            "category": [category],
            "type": [kind],
            "action": name,
            "outcome": "failure" if action in FAILED else "success",
            "id": str(said["e"]),
            "sequence": said["s"],
            "module": "steward",
            "dataset": "steward.audit",
            "provider": said["w"],
        },
        "service": {"name": "steward"},
        "labels": {name: str(said[key]) for key, name in LABELS.items() if said.get(key)},
        "steward": {name: said[key] for key, name in OWN.items() if said.get(key)},
    }
    if said["u"]:
        told["user"] = {"id": said["u"]}
    if said["q"]:
        told["http"] = {"request": {"id": said["q"]}}
    if said.get("n"):
        told["organization"] = {"id": said["n"]}
    return told
