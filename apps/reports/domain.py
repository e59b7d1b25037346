from apps.kernel.registry import Domain, domains

domains.register(Domain(label="reports", web="apps.reports.web.urls"))
