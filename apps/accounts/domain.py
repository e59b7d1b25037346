from apps.accounts.events import UserActivated, UserDeactivated, UserInvited
from apps.kernel.registry import Domain, domains

domains.register(Domain(label="accounts", events=(UserInvited, UserDeactivated, UserActivated)))
