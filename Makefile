# Everything is set up in .venv (and, for the code generator, .venv-protos) by the first target that needs it.
PYTHON ?= python3
ARGS ?=

BIN := .venv/bin
INSTALL = $(BIN)/python -m pip install --quiet --disable-pip-version-check
# Operon is compiled for these two; elsewhere the built-in searchers work alone.
ENGINE := $(if $(filter Linux-x86_64 Darwin-arm64,$(shell uname -sm | tr ' ' -)),operon,none)

.PHONY: help setup demo check test test-slow soak lint hooks protos bench load fuzz image-test clean

help:
	@echo "make demo    find Kepler's third law in the planets' orbits"
	@echo "make check   ruff, mypy and the quick tests"
	@echo "make test    run the tests (make test ARGS='tests/client -k outage')"
	@echo "make test-slow  run the tests that take long"
	@echo "make soak    kill servers and workers while 200 jobs run, on SQLite and on PostgreSQL"
	@echo "make lint    ruff and mypy"
	@echo "make hooks   check what changed before every commit"
	@echo "make bench   measure the latency of a warm server and the recovery of known laws"
	@echo "make load    measure what a server bears: watchers, queued jobs, many calls"
	@echo "make fuzz    send everything what nobody would (make fuzz ARGS='--inputs 1000000')"
	@echo "make image-test  build the container image, run a job in it and try its properties"
	@echo "make protos  generate the stubs from proto/"
	@echo "make clean   remove the virtual environments and caches"

demo: .venv/server.stamp
	$(BIN)/ansatz discover examples/kepler/planets.csv --target period --inputs semi_major_axis \
	  --engine $(ENGINE) --budget 5

check: lint
	$(BIN)/python -m pytest -q -m "quick and not slow" $(ARGS)

test: .venv/dev.stamp
	$(BIN)/python -m pytest -m "not slow" $(ARGS)

test-slow: .venv/dev.stamp
	$(BIN)/python -m pytest -m slow $(ARGS)

soak: .venv/dev.stamp
	$(BIN)/python -m bench.soak $(ARGS)

lint: .venv/dev.stamp
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

hooks: .venv/hooks.stamp
	$(BIN)/pre-commit install

bench: .venv/dev.stamp
	$(BIN)/python -m bench.latency
	$(BIN)/python -m bench.recovery $(ARGS)

load: .venv/dev.stamp
	$(BIN)/python -m bench.load $(ARGS)

fuzz: .venv/fuzz.stamp
	$(BIN)/python -m tests.fuzz $(ARGS)

image-test:
	scripts/image_test.sh

protos: .venv-protos/stamp
	PATH="$(CURDIR)/.venv-protos/bin:$$PATH" scripts/protos.sh

setup: .venv/dev.stamp

clean:
	rm -rf .venv .venv-protos .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist

.venv/server.stamp: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and \
	  "This needs Python 3.11 or newer; name one: make PYTHON=python3.12 $(MAKECMDGOALS)")'
	@echo "Setting up .venv; the first time takes a minute or two …"
	@$(PYTHON) -m venv .venv
	@$(INSTALL) --upgrade pip
	@$(BIN)/python -m pip uninstall --quiet --quiet --yes ansatz  # what this was called in a .venv of before
	@$(INSTALL) --editable ".[server]"
	@touch $@

.venv/dev.stamp: .venv/server.stamp
	@echo "Adding the tools for tests …"
	@$(INSTALL) --group dev
	@touch $@

.venv/hooks.stamp: .venv/dev.stamp
	@$(INSTALL) --group hooks
	@touch $@

.venv/fuzz.stamp: .venv/dev.stamp
	@$(INSTALL) --group fuzz
	@touch $@

# The stubs are made by the oldest toolchain whose output the package accepts, so it has an environment of its own.
.venv-protos/stamp: pyproject.toml
	@echo "Setting up .venv-protos …"
	@$(PYTHON) -m venv .venv-protos
	@.venv-protos/bin/python -m pip install --quiet --disable-pip-version-check --upgrade pip
	@.venv-protos/bin/python -m pip install --quiet --disable-pip-version-check --group protos
	@touch $@
