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
WEB_DEV := $(VENV)/.web-dev
# where npm is installed in any case: with the tests' packages when they are run, with the service's own otherwise
NPM := $(if $(filter test provision-page,$(MAKECMDGOALS)),$(DEV),$(RUN))
# tests that need no server
UNIT_TESTS := tests/unit $(wildcard tests/contract/test_memory_*.py) \
	$(addprefix tests/contract/test_,ids_and_clock.py profiles.py tokens.py)
# processes that run all tests side by side: many tests wait for servers, so that they are more than the cores
TEST_PROCESSES ?= 3
# tests that measure how long others wait, and so have the machine for themselves
MEASURING_TESTS := tests/hostile
COVERAGE := $(BIN)/coverage report --skip-covered --show-missing

.PHONY: help run watch web test test-fast test-pythons coverage lint bench chaos format wheel docs lock gone

help: ## list the commands
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1	\2/p' Makefile

run: $(RUN) ## run the service with everything it needs, on this machine
	@$(MAKE) --no-print-directory --silent $(WEB) || echo "The service runs without them; its page will say how to get them." >&2
	@exec $(BIN)/chat-service dev

watch: $(RUN) ## run the service, and start it again when a file of the code changes
	@exec $(BIN)/python scripts/watch.py src migrations web/js web/style -- $(BIN)/chat-service dev

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

# what checks the page's JavaScript
$(WEB_DEV): web/dev/package.json web/dev/package-lock.json web/dev/.npmrc scripts/install-web-packages \
		$(if $(wildcard web/dev/node_modules/.package-lock.json),,gone) | $(DEV)
	@echo "Installing what checks the page's JavaScript …"
	@scripts/install-web-packages $(BIN)/python dev
	@touch $@

web: $(WEB) ## install the npm packages of the page, as `make run` does

test: $(DEV) ## run every test on real servers; T="tests/unit -k name -x" runs a part
	@scripts/needed-for-tests $(T) | sed 's/^/provision-/' | xargs -r $(MAKE) --no-print-directory
ifdef T
	$(BIN)/python -m pytest $(T)
else
	$(BIN)/python -m pytest --numprocesses $(TEST_PROCESSES) --dist loadfile --no-loadscope-reorder --durations 20 \
		--ignore $(MEASURING_TESTS)
	$(BIN)/python -m pytest --durations 5 $(MEASURING_TESTS)
endif

provision-page: $(WEB)
provision-rabbitmq provision-chromium provision-proxies:
	@scripts/$@

test-fast: $(DEV) ## run the tests that need no server: rules, codecs, contracts in memory
	$(BIN)/python -m pytest --quiet --numprocesses auto --dist worksteal --hypothesis-profile quick $(UNIT_TESTS)

test-pythons: ## run these tests with each Python of 3.11 to 3.13 that is installed or that uv provides
	@scripts/test-pythons 3.11 3.12 3.13

coverage: $(DEV) ## measure what the tests without servers cover, with a threshold per layer
	$(BIN)/coverage run --source=src -m pytest --quiet $(UNIT_TESTS)
	$(COVERAGE) --include='src/domain/*' --fail-under=98
	$(COVERAGE) --include='src/application/*' --fail-under=95
	$(COVERAGE) --include='src/adapters/*' --fail-under=80
	$(COVERAGE) --include='src/entrypoints/*' --fail-under=40

lint: $(DEV) $(WEB_DEV) ## format, lint, types, import rules; the same for the page, without format
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	scripts/check-web $(BIN)/python

bench: $(DEV) ## measure the service (BENCH="--server granian --json FILE"; BENCH=--help lists more)
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
