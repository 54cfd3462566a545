# From a bare checkout, with only make and Python 3.11 or newer: everything else goes into .venv.
# PYTHON=python3.12 chooses another Python; ARGS="…" is handed on to the program that runs.

PYTHON ?= python3
UV_VERSION := 0.13.9
ARGS ?=
DATA ?=

VENV := .venv
BIN := $(VENV)/bin
HTMX := media_tracker/web/static/vendor/htmx.min.js
PIP := $(BIN)/python -m pip -qq --disable-pip-version-check --no-input
UV := $(BIN)/uv -q
# uv stays quiet, so a slow mirror must not look like a hung one for ever: it gives up after this many silent seconds.
export UV_HTTP_TIMEOUT ?= 180

# One stamp per step: a step is done again only when what it was made from has changed.
MADE := $(VENV)/.made
INSTALLED := $(VENV)/.installed
DEV := $(VENV)/.dev

.PHONY: help setup run test lint bench screenshots lock clean chromium again
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

help:
	@echo "make setup   .venv with everything that media-tracker needs, MongoDB included"
	@echo "make run     setup, then the whole system with sample data, on port 8000"
	@echo "make test    setup, test tools and Chromium, then all tests        (ARGS=… for pytest, DATA=folder)"
	@echo "make lint    ruff, mypy --strict, import rules"
	@echo "make bench   measurements                                          (DATA=folder)"
	@echo "make screenshots   the pictures of the README's tour, into docs/images"
	@echo "make lock    pin the requirements again                            (ARGS=--upgrade for newer ones)"
	@echo "make clean   remove all that make has made; .data/ (the database) stays"

setup: $(INSTALLED)
	@:

run: setup
	@exec $(BIN)/media-tracker demo $(ARGS)

# Many tests start processes, and each imports everything: compiled once, even where Python is told to leave no bytecode.
test: export PYTHONDONTWRITEBYTECODE =
test: export PYTHONPYCACHEPREFIX = $(abspath $(VENV))/.bytecode
test: $(DEV) chromium
	@$(if $(DATA),MEDIA_TRACKER_TEST_DATA="$(abspath $(DATA))") $(BIN)/pytest -n 2 --dist worksteal $(ARGS)

lint: $(DEV)
	@echo "ruff check" && $(BIN)/ruff check
	@echo "ruff format --check" && $(BIN)/ruff format --check
	@echo "mypy --strict" && $(BIN)/mypy
	@echo "lint-imports" && $(BIN)/lint-imports

bench: $(DEV)
	@$(BIN)/python -m bench $(DATA) $(ARGS)

screenshots: $(DEV) chromium
	@$(BIN)/python -m tests.screenshots

$(MADE): requirements-uv.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "media-tracker needs Python 3.11 or newer, and $(PYTHON) is not: install one and say PYTHON=python3.12 after make." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "This Python cannot make virtual environments: on Debian and Ubuntu, apt-get install python3-venv." >&2; exit 1; }
	@echo "Making $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv $(VENV)
	@echo "Installing uv"
	@test -x $(BIN)/uv || $(PIP) install --require-hashes -r requirements-uv.txt
	@touch $@

# git clean or a hand may have removed the browser libraries, which only the build brings back.
$(INSTALLED): $(MADE) requirements.txt constraints.txt pyproject.toml hatch_build.py package.json package-lock.json \
		$(if $(wildcard $(HTMX)),,again)
	@echo "Installing requirements.txt"
	@$(UV) pip install --python $(BIN)/python --require-hashes -r requirements.txt
	@echo "Installing media-tracker"
	@$(UV) pip install --python $(BIN)/python --no-deps --build-constraints constraints.txt --editable .
	@touch $@

$(DEV): $(INSTALLED) requirements-dev.txt
	@echo "Installing requirements-dev.txt"
	@$(UV) pip install --python $(BIN)/python --require-hashes -r requirements-dev.txt
	@touch $@

# The browser of the journey tests is the system's own, with a font that has Chinese characters.
chromium:
	@if command -v chromium >/dev/null; then exit 0; fi; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "Installing Chromium"; \
		export DEBIAN_FRONTEND=noninteractive; \
		apt-get -qq update && apt-get -qq install -y --no-install-recommends chromium fonts-noto-cjk >/dev/null; \
	fi; \
	command -v chromium >/dev/null || { \
		echo "The tests drive Chromium, and there is none: sudo apt-get install chromium fonts-noto-cjk (or put chromium on PATH)." >&2; \
		exit 1; }

# What the project needs is in pyproject.toml; what the build needs, in its [build-system] and in hatch_build.py.
COMPILE := $(UV) pip compile --generate-hashes --no-header --universal --python-version 3.11

lock: $(MADE)
	@command -v npm >/dev/null || { echo "make lock needs npm for package-lock.json: install Node.js." >&2; exit 1; }
	@echo "requirements.txt"
	@$(COMPILE) $(ARGS) --extra embedded pyproject.toml -o requirements.txt
	@echo "requirements-dev.txt"
	@$(COMPILE) $(ARGS) -c requirements.txt --extra embedded --extra dev pyproject.toml -o requirements-dev.txt
	@echo "requirements-server.txt"
	@$(COMPILE) -c requirements.txt pyproject.toml -o requirements-server.txt
	@echo "requirements-uv.txt"
	@echo "uv==$(UV_VERSION)" | $(COMPILE) --no-annotate - -o requirements-uv.txt
	@echo "constraints.txt"
	@sed -n -e 's/^requires = \["\(.*\)"\]$$/\1/p' -e 's/^NODE_PACKAGE = "\(.*\)"$$/\1/p' pyproject.toml hatch_build.py | \
		$(COMPILE) $(ARGS) --no-annotate - -o constraints.txt
	@echo "package-lock.json"
	@npm install --package-lock-only --ignore-scripts --omit-lockfile-registry-resolved --no-audit --no-fund --silent

clean:
	rm -rf $(VENV) $(dir $(HTMX)) build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis test-results
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
