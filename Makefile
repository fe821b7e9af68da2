# `make` lists what there is to do. The first use of a target sets up .venv with pinned packages.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help run test test-all check deploy-check new-day fuzz lint format bench lock screenshots clean

# What a person gives is taken as it is: make would replace a $ in it, and run $(shell ...).
override DAY := $(value DAY)
override TITLE := $(value TITLE)
override SLUG := $(value SLUG)
export DAY TITLE SLUG

SUPPORTED := import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))
# The newest Python on the PATH that the course supports; PYTHON=... overrides it.
PYTHON ?= $(shell for python in python3.13 python3.12 python3.11 python3 python; do \
	$$python -c "$(SUPPORTED)" 2>/dev/null \
	&& { echo $$python; break; }; done)
VENV := .venv
BIN := $(VENV)/bin
TOOLS := .venv-deploy
INSTALL := -m pip --disable-pip-version-check --quiet install --require-hashes
# As many workers as tests/conftest.py says; what a file's tests share, they share within one worker.
PYTEST := $(BIN)/python -m pytest --numprocesses auto --dist loadfile
LOCK := $(BIN)/uv pip compile --universal --generate-hashes --quiet --custom-compile-command "make lock"

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/make \1|\2/' \
		| awk -F'|' '{printf "  %-18s %s\n", $$1, $$2}'

run: $(VENV)/run.done ## Open the course in the browser, on Local Cortex unless you set up an account
	@echo "Opening the course. Stop it with Ctrl-C."
	@$(BIN)/streamlit run Home.py --server.address localhost \
		--server.allowedHosts localhost --server.allowedHosts 127.0.0.1

test: $(VENV)/dev.done ## Test every kind of thing once, a real browser included (6 minutes)
	@$(BIN)/python -m tests.browser.chromium
	@echo "Running the tests; make test-all runs every variant, too."
	@$(PYTEST) -m "not thorough" $(ARGS)

test-all: $(VENV)/dev.done ## Run every test there is
	@$(BIN)/python -m tests.browser.chromium
	@echo "Running every test."
	@$(PYTEST) $(ARGS)

check: $(VENV)/dev.done ## Check every lesson, or one: make check DAY=8
	@$(BIN)/python -m course check -- "$$DAY"

deploy-check: $(VENV)/dev.done $(TOOLS)/done ## Check what deploy/ gives to containers and to Snowflake
	@$(TOOLS)/bin/python deploy/check.py

new-day: $(VENV)/dev.done ## Make the files of a new day: make new-day DAY=8 TITLE="Caching"
	@test -n "$$DAY" && test -n "$$TITLE" \
		|| { echo 'Say which day, and its title: make new-day DAY=8 TITLE="Caching"'; exit 2; }
	@$(BIN)/python -m course new-day --slug="$$SLUG" -- "$$DAY" "$$TITLE"

fuzz: $(VENV)/dev.done ## Spoil each kind of file for a minute, and look for what is not a plain message
	@COURSE_FUZZ_SECONDS=60 $(BIN)/python -m pytest -q tests/course/test_fuzz.py $(ARGS)

lint: $(VENV)/dev.done ## Check style, format, types and who imports whom
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/dev.done ## Put every file into the house format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/dev.done ## Measure everything, and write docs/performance.md (half an hour)
	@$(BIN)/python -m tests.browser.chromium
	@$(BIN)/python -m benchmarks

screenshots: $(VENV)/dev.done ## Take the READMEs' pictures again, the film of a stream included
	@$(BIN)/python -m tests.browser.chromium
	@$(BIN)/python -m tests.browser.screenshots

lock: $(VENV)/dev.done ## Pin the newest versions that pyproject.toml allows, with their hashes
	$(LOCK) --upgrade pyproject.toml -o requirements.txt
	$(LOCK) --upgrade --extra dev -c requirements.txt pyproject.toml -o requirements-dev.txt
	$(LOCK) --upgrade --override deploy/overrides-check.txt --python-version 3.11 \
		deploy/requirements-check.in -o deploy/requirements-check.txt

clean: ## Remove the virtual environment and every cache
	rm -rf $(VENV) $(TOOLS) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis test-results
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A virtual environment whose Python has gone, as after an upgrade of the system's, is made anew.
ifneq ($(shell $(BIN)/python -c 'print("works")' 2>/dev/null),works)
.PHONY: $(VENV)/made
endif

$(VENV)/made:
	@test -n "$(PYTHON)" && "$(PYTHON)" -c "$(SUPPORTED)" || { echo "The course needs Python 3.11, 3.12 or 3.13, and none is on the PATH." \
		"Install one, or say where it is: make $(MAKECMDGOALS) PYTHON=/path/to/python"; exit 1; }
	@echo "Making a virtual environment in $(VENV) with $(PYTHON)."
	@"$(PYTHON)" -m venv --clear $(VENV) || { echo "Python could not make a virtual environment." \
		"On Debian and Ubuntu: apt-get install python3-venv"; rm -rf $(VENV); exit 1; }
	@touch $@

$(VENV)/run.done: $(VENV)/made requirements.txt
	@echo "Installing the pinned packages (about a minute the first time)."
	@$(BIN)/python $(INSTALL) -r requirements.txt
	@echo "Compiling the sandbox for the exercises, once on this machine (some seconds)."
	@$(BIN)/python -m practice prepare || echo "The course opens all the same."
	@touch $@

$(VENV)/dev.done: $(VENV)/run.done requirements-dev.txt
	@echo "Installing what tests and checks need."
	@$(BIN)/python $(INSTALL) -r requirements-dev.txt
	@touch $@

# Apart: the Snowflake CLI pins versions that are not the course's.
$(TOOLS)/done: $(VENV)/made deploy/requirements-check.txt
	@echo "Installing the tools that check deploy/ (about a minute the first time)."
	@$(BIN)/python -m venv --clear $(TOOLS)
	@$(TOOLS)/bin/python $(INSTALL) --no-deps -r deploy/requirements-check.txt
	@touch $@
