# The commands of the project. `make demo` and `make test` need nothing but git, make and Python 3.11 or newer.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do command -v $$p >/dev/null && $$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null && { command -v $$p; break; }; done)
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/installed
SQLFLUFF := $(BIN)/sqlfluff lint --processes 1 --disable-progress-bar --nocolor
export DBT_SEND_ANONYMOUS_USAGE_STATS := false
export DO_NOT_TRACK := 1

.PHONY: help setup demo test thorough quality lint bench dagster docs clean

help: ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 18

setup: $(STAMP) ## make the environment from the lock file

$(STAMP): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "error: no Python from 3.11 to 3.13 was found; install one, or say where it is: make PYTHON=/path/to/python3 setup" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { echo "error: $(PYTHON) cannot make a virtual environment; install its venv module (Debian: apt-get install python3-venv)" >&2; exit 1; }
	@test -x $(BIN)/uv || $(BIN)/python -m pip --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip >/dev/null
	@test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check "$$(sed -nE 's/^(uv==[^ ]+).*/\1/p' requirements.lock)"
	@echo "installing the packages of requirements.lock"
	@# Compiled here, once: where PYTHONDONTWRITEBYTECODE is set, every start of a command would compile all that it imports.
	@$(BIN)/uv pip sync --quiet --compile-bytecode --system-certs --python $(BIN)/python --require-hashes requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --offline --no-deps --no-build-isolation --editable .
	@touch $(STAMP)

demo: setup ## simulate a company, build, audit, publish, and print one page about it
	@$(BIN)/customer-analytics demo

test: setup lint ## everything that a landing must pass
	@$(BIN)/pytest -q -n 2 --dist loadfile --no-loadscope-reorder -m "not thorough"

thorough: setup ## what takes longer than a landing may: more orders, more moments, more settings
	@$(BIN)/pytest -q -n 2 --dist loadfile --no-loadscope-reorder -m thorough

quality: setup ## judge what came in last and what would go out, in the warehouse of DATA_DIR (else that of `make demo`)
	@$(BIN)/customer-analytics quality

lint: setup ## style, types and SQL rules
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet .
	@# SQLFluff's own processes hand each other what they have read, which takes a quarter longer than two calls of it.
	@$(BIN)/mypy & types=$$!; $(SQLFLUFF) models/silver & silver=$$!; \
	  $(SQLFLUFF) $(filter-out models/silver/,$(wildcard models/*/)) tests/dbt; failed=$$?; \
	  wait $$types || failed=1; wait $$silver || failed=1; exit $$failed

bench: setup ## accuracy and speed beside others, on simulated people (and FEBRL3, if REFERENCE_DATA names its folder); half an hour
	@$(BIN)/python -m benchmarks.identity $(if $(REFERENCE_DATA),febrl3) 10000 100000 1000000
	@$(BIN)/python -m benchmarks.attribution
	@$(BIN)/python -m benchmarks.attribution_truth
	@$(BIN)/python -m benchmarks.sessions 10
	@$(BIN)/python -m benchmarks.event_domain 10
	@$(BIN)/python -m benchmarks.daily_snapshot 100 1000 10000
	@$(BIN)/python -m benchmarks.churn_risk
	@$(BIN)/python -m benchmarks.churn_model
	@$(BIN)/python -m benchmarks.churn_speed
	@$(BIN)/python -m benchmarks.next_best_action
	@$(BIN)/python -m benchmarks.release

dagster: setup ## the flow as assets, on http://127.0.0.1:3000 (PORT=3001 for another one)
	@$(BIN)/python -m orchestration $(if $(PORT),--port $(PORT))

docs: setup ## a page of all models, columns and tests: target/static_index.html
	@$(BIN)/dbt docs generate --static --quiet && echo "open target/static_index.html"

clean: ## remove what builds have made (not the landing files)
	rm -rf target logs data/warehouse.duckdb data/warehouse.duckdb.wal data/published data/last_run.json data/logs data/.run.lock
