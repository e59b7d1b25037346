# Needs Python >= 3.11 (`make up PYTHON=python3.12` names another one) and make; the rest is installed under var/.
PYTHON ?= python3
RUN := var/venv/bin/python

.DEFAULT_GOAL := help
.PHONY: help up db test bench check lock

help:  ## Show what there is.
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' Makefile

up:  ## Install, migrate and run everything in the foreground; ctrl-C stops it.
	@$(PYTHON) config/environment.py base
	@$(RUN) -m config.up

db:  ## Run the embedded PostgreSQL in the foreground; ctrl-C stops it.
	@$(PYTHON) config/environment.py base
	@$(RUN) -m config.embedded

test:  ## Run the whole suite (`make test ARGS="tests/kernel -n 0"` runs a part).
	@$(PYTHON) config/environment.py dev
	@$(RUN) -m pytest -p tests.embedded -n 2 --dist loadgroup $(ARGS)

bench:  ## Measure against plain DRF and what is to hold (`make bench ARGS="--only http --rounds 3"` measures a part).
	@$(PYTHON) config/environment.py dev
	@$(RUN) -m tests.benchmarks $(ARGS)

check:  ## Lint, types, import contracts, system checks, migrations, generated documents.
	@$(PYTHON) config/environment.py dev
	@$(RUN) -m config.check

lock:  ## Write the locks of requirements/*.in again.
	@$(PYTHON) config/environment.py dev
	@for name in base test dev; do var/venv/bin/uv pip compile --quiet --generate-hashes --no-annotate --no-emit-index-url \
	  --no-emit-find-links --python-version 3.11 --custom-compile-command "make lock" requirements/$$name.in -o requirements/$$name.txt; done
