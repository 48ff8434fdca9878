# The commands of the project; `make help` lists them.
.DEFAULT_GOAL := help
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
# what was installed, and so is newer than its lock
RUN := $(VENV)/.run
DEV := $(VENV)/.dev
WEB := $(VENV)/.web
# where npm is installed in any case: with the tests' packages when they are run, with the service's own otherwise
NPM := $(if $(filter test,$(MAKECMDGOALS)),$(DEV),$(RUN))

.PHONY: help run web test lint bench chaos format wheel docs lock gone

help: ## list the commands
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1	\2/p' Makefile

run: $(RUN) ## run the service with everything it needs, on this machine
	@$(MAKE) --no-print-directory --silent $(WEB) || echo "The service runs without them; its page will say how to get them." >&2
	@exec $(BIN)/chat-service dev

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "chat-service needs Python 3.11 or newer" >&2; exit 1; }
	@test -w . || { echo "chat-service cannot be installed: $(CURDIR) may not be written by $$(id -un)" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
		echo "Python's venv module is missing (Debian: apt install python3-venv)" >&2; exit 1; }

$(VENV)/.%: requirements/%.txt pyproject.toml $(VENV)/bin/python
	@echo "Installing the locked dependencies …"
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

# the npm packages of the page; NPM may be newer without a need to install them again
$(WEB): web/package.json web/package-lock.json web/.npmrc scripts/install-web-packages \
		$(if $(wildcard web/node_modules/.package-lock.json),,gone) | $(NPM)
	@echo "Installing the page's packages …"
	@scripts/install-web-packages $(BIN)/python
	@touch $@

web: $(WEB) ## install the npm packages of the page, as `make run` does

test: $(DEV) $(WEB) ## run every test, on a real PostgreSQL, RabbitMQ, browser and proxies
	@scripts/provision-rabbitmq
	@scripts/provision-chromium
	@scripts/provision-proxies
	$(BIN)/python -m pytest

lint: $(DEV) ## format, lint, types, import rules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(DEV) ## measure the service (BENCH="--server uvicorn --json FILE"; BENCH=--help lists more)
	@$(BIN)/python -m bench $(BENCH)

chaos: $(DEV) ## kill everything in turn under load, and check every promise (CHAOS="--seconds 60 --seed 1")
	@$(BIN)/python -m chaos $(CHAOS)

format: $(DEV) ## bring the code into form
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

wheel: $(DEV) $(WEB) ## build the wheel into dist/, with the migrations and the page
	@$(BIN)/pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation -w dist .

docs: $(DEV) ## write the settings of the code into docs/settings.md
	@$(BIN)/python -m entrypoints.settings.reference docs/settings.md

lock: ## renew the locked dependencies (needs uv)
	uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-annotate --no-header \
		pyproject.toml --all-extras --group build -o requirements/run.txt
	uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-annotate --no-header \
		pyproject.toml --all-extras --group dev -o requirements/dev.txt
