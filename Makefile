# marrowmap. `make demo` runs the main job on a digital child; `make test` passes the tests.
# Both set everything up first: Python 3.11 or newer and make are all that is needed.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SEED ?= 391
AGE ?= 10.3
SERVE ?= 1
PORT ?= 8737
DEMO := demo
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help setup demo test lint format lock clean

help:  ## List the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

$(VENV)/.installed: pyproject.toml requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "marrowmap needs Python 3.11 or newer: make PYTHON=python3.11")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

PAGES := $(shell find frontend -path '*/node_modules' -prune -o -type f -print 2>/dev/null)

$(VENV)/.pages: $(VENV)/.installed $(PAGES) tools/build_pages.py
	$(BIN)/python tools/build_pages.py
	@touch $@

setup: $(VENV)/.installed $(VENV)/.pages  ## Put everything into .venv and build the pages

demo: setup  ## Make the exam of a digital child, read it, print where the report is, and serve the pages
	@$(BIN)/marrowmap demo --dir $(DEMO) --seed $(SEED) --age $(AGE) $(if $(filter 1,$(SERVE)),--serve --port $(PORT),--no-serve)

lint: setup  ## Style, types, import directions
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tools/build_pages.py check

test: setup lint  ## All tests
	$(BIN)/python tools/build_pages.py test
	$(BIN)/python -m pytest

format: setup  ## Apply the style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock:  ## Choose versions anew (needs uv in .venv)
	$(BIN)/uv pip compile pyproject.toml --group dev --extra web --extra cohort --extra registry --extra pdf --extra seg --extra followup --python-version 3.11 --generate-hashes --no-header --no-annotate --upgrade -o requirements.lock

clean:  ## Remove what the other targets made
	rm -rf $(VENV) $(DEMO) dist build
