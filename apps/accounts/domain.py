from apps.kernel.registry import Domain, domains

domains.register(Domain(label="accounts", api="apps.accounts.api.urls"))
