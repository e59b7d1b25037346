"""What the packages behind sign-in, tokens and lock-out hold about people."""

from apps.kernel.classification import (
    Activity,
    Blank,
    Classification,
    FreeText,
    Generalise,
    Generic,
    Identifier,
    Key,
    Kind,
    Linked,
    NotPersonal,
    Opaque,
    Owner,
    Part,
    Personal,
    RandomUnique,
    Ref,
    Retention,
    Secret,
    Technical,
    Unlinked,
    activity,
    classify,
)

activity(
    Activity(
        key="platform.accounts",
        title="Accounts of staff and partner systems",
        purpose="To let people and systems sign in, and to end what they may no longer use.",
        basis="A6-1-b",
        categories_of_subjects=("staff", "contacts at partners"),
        recipients=("administrators",),
        measures=(
            "Passwords are kept as argon2id hashes, tokens as digests.",
            "Platform roles need a second factor.",
            "A closed account ends its sessions at once.",
        ),
    )
)
activity(
    Activity(
        key="platform.security",
        title="Protection against guessed passwords",
        purpose="To slow down and recognise attempts to sign in as somebody else.",
        basis="A6-1-f",
        categories_of_subjects=("staff", "people who try to sign in"),
        recipients=("the operations team",),
        measures=("Kept for 30 days.", "Addresses are never shown outside the operations team."),
    )
)

DAYS_OF_SECURITY = Retention(anchor="attempt_time", keep="P30D", law="Art. 5(1)(e) and 6(1)(f) GDPR", then="delete")
FORM = Linked("pd:ServiceConsumptionBehavior", origin="observed", erase=Blank())
"""Names of form fields; axes masks their values."""


def _of_attempts(technical: str, **more: Kind) -> Classification:
    return Classification(
        activity="platform.security",
        edges={"user": Key("username", matches="accounts.User.email", normalise=str.casefold, role="tried account")},
        fields={
            f"id attempt_time {technical}": Technical(),
            **more,
            "username": Identifier("pd:EmailAddress", normalise=str.casefold, origin="observed", erase=RandomUnique()),
            "ip_address": Personal("pd:IPAddress", origin="observed", erase=Generalise("network")),
            "user_agent http_accept": Personal("pd:BrowserFingerprint", origin="observed", erase=Blank()),
            "path_info": NotPersonal("path of our own sign-in page", reviewer="accounts"),
        },
        retention=DAYS_OF_SECURITY,
        unlinked=Unlinked("Somebody tried an address that no account has.", DAYS_OF_SECURITY),
        erase_row="delete",
    )


def _of_account(technical: str, *, refs: str = "", **more: Kind) -> Classification:
    """Rows that belong to one account and go with it."""
    return Classification(
        activity="platform.accounts",
        edges={"user": Owner("account"), **{name: Ref() for name in refs.split()}},
        fields={f"user {technical} {refs}".strip(): Technical(), **more},
        erase_row="delete",
    )


def _of_nobody(technical: str, *, refs: str = "", **more: Kind) -> Classification:
    return Classification(
        edges={name: Ref() for name in refs.split()}, fields={f"{technical} {refs}".strip(): Technical(), **more}
    )


classify("accounts.User_groups", _of_account("id", refs="group"))
classify("accounts.User_user_permissions", _of_account("id", refs="permission"))
classify("auth.Permission", _of_nobody("id codename", refs="content_type", name=NotPersonal("name of a permission")))
classify("auth.Group_permissions", _of_nobody("id", refs="group permission"))
classify("auth.Group", _of_nobody("id", refs="permissions", name=NotPersonal("name of a role")))
classify("contenttypes.ContentType", _of_nobody("id app_label model"))
classify(
    "guardian.UserObjectPermission",
    Classification(
        activity="platform.accounts",
        edges={
            "user": Owner("holder of a grant"),
            "permission": Ref(),
            "content_type": Ref(),
            "content_object": Generic(ct="content_type", pk="object_pk"),
        },
        fields={"id user permission content_type object_pk": Technical()},
        erase_row="delete",
    ),
)
classify(
    "guardian.GroupObjectPermission",
    Classification(
        edges={
            "group": Ref(),
            "permission": Ref(),
            "content_type": Ref(),
            "content_object": Generic(ct="content_type", pk="object_pk"),
        },
        fields={"id group permission content_type object_pk": Technical()},
    ),
)
classify(
    "admin.LogEntry",
    _of_account(
        "id action_time action_flag",
        refs="content_type",
        object_id=NotPersonal("key of a row", reviewer="accounts"),
        object_repr=FreeText(erase=Blank(), export="review"),
        change_message=FreeText(erase=Blank(), export="review"),
    ),
)
classify(
    "sessions.Session",
    Classification(
        activity="platform.accounts",
        fields={"expire_date": Technical(), "session_key session_data": Secret(erase=RandomUnique())},
        unlinked=Unlinked(
            "The key of the account is inside the signed session. `usersessions.UserSession` names the account.",
            Retention(anchor="expire_date", keep="P1D", law="Art. 5(1)(e) GDPR", then="delete"),
        ),
        erase_row="delete",
    ),
)
classify(
    "usersessions.UserSession",
    _of_account(
        "id created_at last_seen_at",
        ip=Personal("pd:IPAddress", origin="observed", erase=Generalise("network")),
        user_agent=Personal("pd:BrowserFingerprint", origin="observed", erase=Blank()),
        session_key=Secret(erase=RandomUnique()),
        data=Linked("pd:ServiceConsumptionBehavior", origin="observed", erase=Opaque()),
    ),
)
classify(
    "account.EmailAddress",
    _of_account(
        "id verified primary",
        email=Identifier("pd:EmailAddress", normalise=str.casefold, erase=RandomUnique("@erased.invalid")),
    ),
)
classify(
    "account.EmailConfirmation",
    Classification(
        activity="platform.accounts",
        edges={"email_address": Part()},
        fields={"id email_address created sent": Technical(), "key": Secret(erase=RandomUnique())},
        erase_row="delete",
    ),
)
classify(
    "mfa.Authenticator",
    _of_account(
        "id type created_at",
        data=Secret(erase=Opaque()),
        last_used_at=Linked("pd:ServiceConsumptionBehavior", origin="observed"),
    ),
)
classify("axes.AccessAttempt", _of_attempts("failures_since_start", get_data=FORM, post_data=FORM))
classify("axes.AccessFailureLog", _of_attempts("locked_out"))
classify("axes.AccessLog", _of_attempts("logout_time", session_hash=Secret(erase=Blank())))
classify(
    "axes.AccessAttemptExpiration",
    Classification(
        activity="platform.security",
        edges={"access_attempt": Part()},
        fields={"access_attempt expires_at": Technical()},
        erase_row="delete",
    ),
)
OAUTH_TEXTS = {
    "Grant": ("redirect_uri", "resource", "scope"),
    "AccessToken": ("resource", "scope"),
    "RefreshToken": ("resource",),
    "IDToken": ("scope",),
    "DeviceGrant": ("scope",),
}
for label, technical, refs, secrets in (
    (
        "Grant",
        "id expires created updated code_challenge_method",
        "application",
        ("code", "code_challenge", "nonce", "claims"),
    ),
    (
        "AccessToken",
        "id expires created updated",
        "application source_refresh_token id_token",
        ("token", "token_checksum"),
    ),
    (
        "RefreshToken",
        "id token_family created updated revoked",
        "application access_token",
        ("token", "token_checksum"),
    ),
    ("IDToken", "id jti expires created updated", "application", ()),
    ("DeviceGrant", "id interval expires status client_id last_checked", "", ("device_code", "user_code")),
):
    classify(
        f"oauth2_provider.{label}",
        _of_account(
            technical,
            refs=refs,
            **{name: Secret(erase=RandomUnique()) for name in secrets},
            **{
                name: NotPersonal("names of scopes, addresses of systems", reviewer="accounts")
                for name in OAUTH_TEXTS[label]
            },
        ),
    )
