# Plausch: every target sets up what it needs by itself, on Debian or Ubuntu with Python 3.11 or later.
#
#   make demo    a restaurant, a server and you: reserve a table
#   make test    static checks and all tests
#   make help    the rest

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV ?= .venv
BIN := $(VENV)/bin
WEB := packaging/provision npm $(VENV) web
DATA ?= data
PORT ?= 7480
PYTEST_ARGS ?=
SEEDS ?= 100000
FIRST ?= 0
LOCK := uv pip compile --universal --python-version 3.11 --generate-hashes \
        --no-header --no-annotate --no-emit-index-url --no-emit-find-links --quiet

RUN_READY := $(VENV)/run.ready
DEV_READY := $(VENV)/dev.ready
S3_READY := $(VENV)/swift/.ready
FUZZ_READY := $(VENV)/fuzz/.ready
SECONDS ?= 600
NODE_READY := tests/interop/node_modules/.ready web/node_modules/.ready
WEBAPP := src/plausch/webapp/build.json
WEB_SOURCES := $(shell find web -mindepth 1 \( -name node_modules -o -path web/tests -o -path web/bench \) -prune -o -print)

.PHONY: help demo run cluster web test check check-python format bench soak fuzz simulate lock clean postgres cluster-programs chromium s3
.NOTPARALLEL:

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 10
	@echo
	@echo "make run takes DATA=folder (now $(DATA)) and PORT=number (now $(PORT)), make cluster PORT;"
	@echo "make simulate takes SEEDS=number (now $(SEEDS)) and FIRST=seed (now $(FIRST));"
	@echo "make test takes PYTEST_ARGS='...', for instance PYTEST_ARGS='tests/unit -k codec'."

demo: $(RUN_READY) $(WEBAPP) ## a server, a restaurant, hairdresser or shop, and you as its guest
	@$(BIN)/plausch demo

run: $(RUN_READY) $(WEBAPP) ## a plain server on this machine
	@$(BIN)/plausch serve --data $(DATA) --port $(PORT)

cluster: postgres cluster-programs $(DEV_READY) $(WEBAPP) ## gateways, NATS, PostgreSQL with a standby, HAProxy: kill what you like
	@PYTHONPATH=packaging $(BIN)/python -m cluster --port $(PORT)

web: $(WEBAPP) ## the web app, which demo, run and test build too

test: postgres cluster-programs chromium s3 check $(WEBAPP) ## static checks, then every test, in parallel and in random order
	@$(WEB) run --silent test
	@$(BIN)/pytest -n auto $(PYTEST_ARGS)

check: $(DEV_READY) $(NODE_READY) ## ruff, mypy, import-linter, bandit; tsc, eslint, prettier
	@$(WEB) run --silent check & web=$$!; \
	  $(MAKE) --no-print-directory check-python || { wait $$web; exit 1; }; wait $$web

check-python: $(DEV_READY)
	$(BIN)/ruff check --no-cache .
	$(BIN)/ruff format --no-cache --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/bandit --quiet --recursive --configfile pyproject.toml src

format: $(DEV_READY) ## bring every Python file into the house's form, and the glossary
	$(BIN)/ruff check --no-cache --fix .
	$(BIN)/ruff format --no-cache .
	$(BIN)/python tests/tidy/class_index.py

bench: $(DEV_READY) $(NODE_READY) $(WEBAPP) postgres cluster-programs chromium s3 ## the figures that we claim, as programs
	@for program in mls.py mls_tree.py append_load.py "append_load.py --postgres" "append_load.py --gateways 2" \
	  envelope_table.py fan_out.py \
	  "fan_out.py --members 10000 --gateways 2" \
	  reconnect.py "reconnect.py --postgres" reconnect_storm.py \
	  idle_memory.py "idle_memory.py --connections 100000" blobs.py book.py store_copy.py mls_browser.py web_app.py understanding.py routing.py; do echo "== $$program"; $(BIN)/python bench/$$program; done

soak: $(DEV_READY) $(NODE_READY) $(WEBAPP) postgres cluster-programs chromium s3 ## the long forms of the tests: 1,000 kills, 20 takeovers, partitions, 5,000 slow readers
	@PLAUSCH_KILLS=1000 PLAUSCH_BLOB_KILLS=100 PLAUSCH_MOVING_KILLS=100 PLAUSCH_TAKEOVERS=20 \
	  $(BIN)/pytest -n auto --timeout 7200 tests/scenes/test_kill.py tests/scenes/test_blobs.py \
	  tests/scenes/test_moving.py tests/scenes/test_failover.py $(PYTEST_ARGS)
	@PLAUSCH_BROWSER_KILLS=500 $(BIN)/pytest -n 1 --timeout 7200 tests/browser/test_kill.py $(PYTEST_ARGS)
	@PLAUSCH_FAULTS=1 PLAUSCH_SLOW_READERS=5000 $(BIN)/pytest -n 1 tests/scenes/test_partitions.py \
	  tests/scenes/test_full_disk.py tests/scenes/test_slow_disk.py \
	  tests/scenes/test_slow_readers.py $(PYTEST_ARGS)

fuzz: $(DEV_READY) $(FUZZ_READY) ## hostile bytes at every parser, guided by coverage (make fuzz SECONDS=600)
	@PYTHONPATH=$(VENV)/fuzz:src $(BIN)/python tests/fuzz/run.py --seconds $(SECONDS) --corpus .fuzz

simulate: $(DEV_READY) ## delivery with everything that goes wrong, from 100,000 seeds, on all cores
	@$(BIN)/python tests/simulation/simulate.py --seeds $(SEEDS) --first $(FIRST)

lock: $(DEV_READY) ## solve the dependencies anew into requirements/*.lock
	$(BIN)/$(LOCK) --upgrade pyproject.toml --group build --output-file requirements/run.lock
	$(BIN)/$(LOCK) --upgrade pyproject.toml --group build --extra cluster --extra s3 --extra tracing \
	  --constraint requirements/run.lock --output-file requirements/server.lock
	$(BIN)/$(LOCK) --upgrade pyproject.toml --group dev --constraint requirements/run.lock \
	  --output-file requirements/dev.lock
	$(BIN)/$(LOCK) --upgrade --group s3-service --output-file requirements/s3.lock
	$(BIN)/$(LOCK) --upgrade --group fuzz --output-file requirements/fuzz.lock

postgres: ## PostgreSQL's programs, which the tests start for themselves
	@packaging/provision postgres

cluster-programs: ## NATS and HAProxy, for several server processes
	@packaging/provision cluster

chromium: ## the browser in which the tests run the web app's parts
	@packaging/provision chromium

s3: $(S3_READY) ## a real S3 service (OpenStack Swift) in a Python of its own, for the tests

clean: ## remove what the targets above have made
	rm -rf $(VENV) tests/interop/node_modules web/node_modules src/plausch/webapp

$(BIN)/python:
	@packaging/provision venv $(VENV)

$(RUN_READY): requirements/run.lock pyproject.toml | $(BIN)/python
	@packaging/provision install $(VENV) $<
	@touch $@

$(DEV_READY): requirements/dev.lock pyproject.toml | $(BIN)/python
	@packaging/provision install $(VENV) $<
	@touch $@ $(RUN_READY)

$(S3_READY): requirements/s3.lock | $(BIN)/python
	@packaging/provision s3 $(VENV)/swift $<
	@touch $@

$(FUZZ_READY): requirements/fuzz.lock | $(BIN)/python
	@packaging/provision fuzz $(VENV) $<
	@touch $@

$(NODE_READY): %/node_modules/.ready: %/package-lock.json | $(RUN_READY)
	@packaging/provision node $(VENV) $*
	@touch $@

$(WEBAPP): $(WEB_SOURCES) | $(RUN_READY)
	@packaging/provision web $(VENV)
