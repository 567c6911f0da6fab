# Everything here works on a fresh machine with Python 3.11-3.13, pip, make and git.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO_DATA := data/demo
READY := $(VENV)/.ready

.DEFAULT_GOAL := help

help: ## Show these targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## (.*)/  make \1\t\2/' | expand -t 22

setup: $(READY) ## Make .venv from the lock file (done once; again when the lock changes)

$(READY): requirements.lock pyproject.toml
	@echo "setting up $(VENV) from requirements.lock …"
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11, 3.12 or 3.13 is needed, this is " + sys.version.split()[0]) if not (3, 11) <= sys.version_info[:2] <= (3, 13) else 0'
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $(READY)

demo: $(READY) ## Run the whole pipeline on the synthetic sample, offline
	@mkdir -p $(DEMO_DATA)
	@ALP_DATA_DIR=$(DEMO_DATA) $(BIN)/alp archive import data/sample
	@ALP_DATA_DIR=$(DEMO_DATA) $(BIN)/alp refresh --offline || [ $$? -eq 1 ]
	@echo
	@echo "The sample is synthetic; one of its documents is broken on purpose and was kept out (exit code 1)."
	@echo "release    $(DEMO_DATA)/$$(readlink $(DEMO_DATA)/warehouse/alp.duckdb | sed 's,^,warehouse/,; s,/[^/]*$$,,')"
	@echo "warehouse  $(DEMO_DATA)/warehouse/alp.duckdb   (ALP_DATA_DIR=$(DEMO_DATA) $(BIN)/alp query \"SELECT …\")"
	@echo "reports    $(DEMO_DATA)/reports/current/   regions/ITC4.html, indices/framework_conditions.html, validation.html, dictionary.html"
	@echo "UI         ALP_DATA_DIR=$(DEMO_DATA) make ui   → http://127.0.0.1:3000"

ui: $(READY) ## Serve Dagster on 127.0.0.1 (data folder: ALP_DATA_DIR, default data)
	@$(BIN)/alp ui

check: $(READY) ## Lint, format, types, lock file
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@! grep -nE '^(--(index-url|extra-index-url|find-links)|.*https?://)' requirements.lock \
		|| { echo "requirements.lock carries an address"; exit 1; }

test: check ## Checks and the tests that need minutes
	@$(BIN)/python -m pytest -n 2 --dist loadfile -m "not slow"
	@echo "not run here: tests marked slow (browser, real webserver, long runs): make test-all"

test-all: check ## Every test, the slow ones included (needs Chromium for the pages)
	@$(BIN)/python -m pytest -n 2 --dist loadfile

test-live: $(READY) ## Ask every real service one small question (needs the internet; outside the gate)
	@$(BIN)/python -m pytest -m live -o addopts="" alp_pipeline_tests/live

bench: $(READY) ## Print the benchmarks' ratios
	@for file in alp_pipeline_tests/benchmarks/*.py; do echo "== $$file"; $(BIN)/python $$file || exit 1; done

lock: $(READY) ## Resolve pyproject.toml anew into requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --all-extras --no-emit-index-url \
		--no-header --no-annotate pyproject.toml --output-file requirements.lock

clean: ## Remove what running made (the archive of data/ stays)
	@rm -rf $(DEMO_DATA) .mypy_cache .pytest_cache .ruff_cache

.PHONY: help setup demo ui check test test-all test-live bench lock clean
