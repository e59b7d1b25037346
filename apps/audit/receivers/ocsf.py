"""Entries for a SIEM in the Open Cybersecurity Schema Framework 1.7: one event of its IAM category each.

What is told is what the leaf tells: keys and digests, and no value that could be asked to be erased later.
"""

from datetime import datetime
from typing import Any

from apps.kernel.trail import Action

VERSION = "1.7.0"
IAM = 3
AUTHENTICATION, ENTITY_MANAGEMENT = (2, "Authentication"), (4, "Entity Management")
OTHER = 99
LOGON, LOGOFF = (1, "Logon"), (2, "Logoff")
ACTIVITIES = {
    Action.CREATE: (1, "Create"),
    Action.UPDATE: (3, "Update"),
    Action.DELETE: (4, "Delete"),
    Action.ACCESS: (2, "Read"),
    Action.TOKEN_ISSUED: (1, "Create"),
    Action.TOKEN_REVOKED: (4, "Delete"),
    Action.LOGIN: LOGON,
    Action.LOGIN_FAILED: LOGON,
    Action.LOGOUT: LOGOFF,
}
"""What the framework has no word for is `Other`, with ours."""
FAILED = {Action.LOGIN_FAILED, Action.REFUSED}
WATCHED = FAILED | {Action.REDACTED, Action.DDL}
UNMAPPED = {
    "w": "source",
    "n": "unit",
    "p": "subject",
    "b": "batch",
    "l": "database_login",
    "k": "application",
    "c": "changes",
    "d": "digests",
    "i": "details",
}
SYSTEM = {"name": "System", "type_id": 3, "type": "System"}


def event(said: dict[str, Any]) -> dict[str, Any]:
    """The event of one leaf; `type_uid` is the class times 100 and the activity."""
    action = Action(said["a"])
    signs_in = ACTIVITIES.get(action) in (LOGON, LOGOFF)
    place, name = AUTHENTICATION if signs_in else ENTITY_MANAGEMENT
    activity, activity_name = ACTIVITIES.get(action, (OTHER, action.name.replace("_", " ").capitalize()))
    class_uid = IAM * 1000 + place
    severity = (3, "Medium") if action in WATCHED or said["w"] == "database" else (1, "Informational")
    status = (2, "Failure") if action in FAILED else (1, "Success")
    return {
        "category_uid": IAM,
        "category_name": "Identity & Access Management",
        "class_uid": class_uid,
        "class_name": name,
        "activity_id": activity,
        "activity_name": activity_name,
        "type_uid": class_uid * 100 + activity,
        "type_name": f"{name}: {'Other' if activity == OTHER else activity_name}",
        "time": round(datetime.fromisoformat(said["t"]).timestamp() * 1000),
        "severity_id": severity[0],
        "severity": severity[1],
        "status_id": status[0],
        "status": status[1],
        "metadata": _metadata(said, action),
        "actor": {"user": _user(said["u"])},
        **(_sign_in(said) if signs_in else {"entity": _entity(said)}),
        "unmapped": {name: said[key] for key, name in UNMAPPED.items() if said.get(key)},
    }


def _metadata(said: dict[str, Any], action: Action) -> dict[str, Any]:
    metadata = {
        "version": VERSION,
        "product": {"name": "Steward", "vendor_name": "Steward"},
        "uid": str(said["e"]),
        "sequence": said["s"],
        "log_name": "audit",
        "event_code": action.name.lower(),
        "original_time": said["t"],
    }
    return metadata | ({"correlation_uid": said["q"]} if said["q"] else {})


def _user(key: str | None) -> dict[str, Any]:
    return {"uid": key, "type_id": 1, "type": "User"} if key else SYSTEM


def _entity(said: dict[str, Any]) -> dict[str, Any]:
    entity = {"type": said["m"], "type_id": OTHER, "name": said["m"]}
    return entity | ({"uid": said["o"]} if said["o"] else {})


def _sign_in(said: dict[str, Any]) -> dict[str, Any]:
    key = said["u"] or said["o"]
    user = _user(key) if key else {"name": "Unknown", "type_id": 0, "type": "Unknown"}
    return {"user": user, "service": {"name": "Steward"}}
