# The front door: `make help` lists what there is. Needs Python >= 3.10 with venv, and make.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
BENCH_READY := $(VENV)/.ready-bench
DEMO_RUN := lrscope-runs/demo
VERSION := $(shell sed -n 's/^__version__ = "\(.*\)"/\1/p' src/lrscope/__init__.py)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help venv demo test test-all check format bench docs changelog clean

##@ Start here

help:  ## Print this list
	@awk 'BEGIN { FS = ":.*## " } \
	  /^##@/ { printf "\n%s\n", substr($$0, 5) } \
	  /^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(READY)  ## Record a training on handwritten digits and show its learning rates
	@rm -rf $(DEMO_RUN)
	$(BIN)/lrscope run -o $(DEMO_RUN) $(BIN)/python examples/digits.py
	$(BIN)/lrscope show $(DEMO_RUN)

test: $(READY)  ## Run the tests, but for the slow ones
	$(BIN)/python -m pytest -n auto --dist loadgroup $(ARGS)

test-all: $(READY)  ## Run all tests, those of the recorder also without its C
	$(BIN)/python -m pytest -n auto --dist loadgroup -m "slow or not slow" $(ARGS)
	LRSCOPE_NATIVE=0 $(BIN)/python -m pytest -n auto --dist loadgroup tests/capture tests/effective tests/recording

##@ While you work

venv: $(READY)  ## Set up .venv with everything for development

$(READY): pyproject.toml constraints.txt $(wildcard native/*)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10) and \
	  "lrscope needs Python 3.10 or newer, got %s; try: make PYTHON=python3.12" % sys.version.split()[0])'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[torch,dev]'
	@touch $@

format: $(READY)  ## Format the code and fix what can be fixed
	$(BIN)/ruff format
	$(BIN)/ruff check --fix-only --quiet

check: $(READY)  ## Look at format, lint, types, imports and generated docs
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python docs/generate.py --check

docs: $(READY)  ## Write the generated docs anew
	$(BIN)/python docs/generate.py

##@ Now and then

bench: $(BENCH_READY)  ## Measure what recording costs (minutes)
	$(BIN)/python -m benchmarks $(ARGS)

$(BENCH_READY): $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[torch,dev,bench]'
	@touch $@

changelog: $(READY)  ## Move the fragments of changelog.d into CHANGELOG.md
	$(BIN)/towncrier build --yes --version $(VERSION)

clean:  ## Remove .venv, caches and what the demo recorded
	rm -rf $(VENV) build dist $(DEMO_RUN) .hypothesis
	rm -rf .mypy_cache .pytest_cache .ruff_cache tests/actual
	find . -name __pycache__ -not -path './.git/*' -prune -exec rm -rf {} +
