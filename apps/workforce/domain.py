from apps.kernel.registry import Domain, domains

domains.register(Domain(label="workforce"))
