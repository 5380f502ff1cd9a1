# `make first-job` and `make test` are all the set-up there is.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Files of tests that run at once; most of their time they wait for processes.
WORKERS ?= 3
# More words for pytest: TESTS=tests/cli, TESTS="-m 'not cluster'".
TESTS ?=
# A plain path file: the import hook of the other editable modes costs every start 8 ms.
EDITABLE := --config-settings editable_mode=compat --editable

.PHONY: first-job test lint types check bench clean

first-job: $(VENV)/.client ## a training job on this machine, from nothing
	$(BIN)/submit train --config configs/gpu.yaml -- --arg=42

test: $(VENV)/.dev ## the whole test suite
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile $(TESTS)

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev
	$(BIN)/mypy

check: lint types test ## all that CI runs

bench: $(VENV)/.bench ## side by side with peers, as ratios
	$(BIN)/python -m bench

$(VENV)/.venv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo "jobdir needs Python 3.11 or newer: make $(MAKECMDGOALS) PYTHON=python3.11" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.client: $(VENV)/.venv pyproject.toml
	$(BIN)/pip install --quiet --disable-pip-version-check $(EDITABLE) '.[uv]'
	@$(BIN)/python -m compileall -q submit
	@touch $@

$(VENV)/.dev: $(VENV)/.client
	$(BIN)/pip install --quiet --disable-pip-version-check $(EDITABLE) '.[uv,dev]'
	@touch $@

$(VENV)/.bench: $(VENV)/.dev
	$(BIN)/pip install --quiet --disable-pip-version-check $(EDITABLE) '.[uv,dev,bench]'
	@touch $@

clean:
	rm -rf $(VENV)
