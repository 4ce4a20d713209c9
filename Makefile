.PHONY: run test coverage lint types bench bench-shared conformance chaos races explore hostile shared clients console no-console browser debian lock clean
PYTHON ?= python3
VENV ?= .venv
OFFICIAL ?= .venv-conformance
AEGRA ?= .venv-aegra
BIN := $(VENV)/bin
CONSOLE := backend/runline/console/index.html
NODE := examples/clients/node_modules tests/clients/js/node_modules
BROWSER := frontend/node_modules tests/browser/js/node_modules
DEBIAN := chromium haproxy libfaketime pgbouncer
INSTALL := $(BIN)/uv pip install --quiet --python $(BIN)/python --compile-bytecode
PYTEST := $(BIN)/pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder
SHARED := $(patsubst %,tests/fundamentals/test_%.py,threads state interrupts multitask rollback joining thread_stream store)
LOCK := --quiet --universal --python-version 3.11 --no-header --no-annotate $(UPGRADE)

run: $(VENV)/runtime $(if $(shell command -v npm),$(CONSOLE),$(if $(wildcard $(CONSOLE)),,no-console))  ## the gateway with the sample agents (PORT=9000 make run)
	$(BIN)/runline serve --graphs examples/agents/langgraph.json

test: $(VENV)/dev $(NODE) $(BROWSER) $(CONSOLE) debian
	npm test --silent --prefix frontend
	RUNLINE_TEST_SHARED=1 $(PYTEST) -q $(SHARED)
	$(PYTEST) $(ARGS)

coverage:  ## the tests, and which lines they reach
	$(MAKE) -s test ARGS="--cov --cov-report=term"

lint: $(VENV)/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(if $(shell command -v npm),$(MAKE) -s frontend/node_modules && npm run --silent --prefix frontend lint)

types: $(VENV)/dev
	$(BIN)/mypy
	$(if $(shell command -v npm),$(MAKE) -s frontend/node_modules && npm run --silent --prefix frontend types)

bench: $(VENV)/dev
	$(BIN)/python -m bench $(if $(ONLY),--only $(ONLY)) $(ARGS)

bench-shared: $(VENV)/dev $(AEGRA)/ready  ## on PostgreSQL and Redis, beside Aegra on the same
	RUNLINE_BENCH_AEGRA=$(AEGRA)/bin/python $(MAKE) -s bench ARGS="--stores shared $(ARGS)"

conformance: $(VENV)/dev $(OFFICIAL)/ready  ## the official server and Runline, call by call (some 2 minutes)
	PYTHONPATH=tests $(BIN)/python -m conformance $(OFFICIAL)/bin/langgraph $(ARGS)

chaos: $(VENV)/dev debian  ## one gateway on files; ARGS=--fleet: three on PostgreSQL and Redis
	PYTHONPATH=tests $(BIN)/python -m chaos $(ARGS)

explore: $(VENV)/dev  ## the state machines at length, ever new (TIMES=100 for longer)
	RUNLINE_EXPLORE=$(or $(TIMES),20) $(BIN)/pytest -k machine

races: $(VENV)/dev  ## RUNLINE_TEST_SHARED=1: over three gateways on PostgreSQL and Redis
	PYTHONPATH=tests $(BIN)/python -m races $(ARGS)

hostile: $(VENV)/dev  ## the long form of tests/hostile; filling a disk takes the rights of root
	RUNLINE_TEST_HOSTILE=long $(BIN)/pytest tests/hostile --timeout=3600

shared: $(VENV)/dev $(NODE)  ## wherever tests build a gateway or an engine: on PostgreSQL and Redis
	RUNLINE_TEST_SHARED=1 $(PYTEST) tests/fundamentals tests/doors tests/runs tests/clients tests/hostile tests/races tests/tracing tests/cli/test_runs.py tests/cli/test_usage.py

clients: $(VENV)/dev $(NODE)  ## the SDKs of Python and JS, method by method, and the React hook
	$(BIN)/pytest tests/clients tests/fundamentals/test_clients.py

console: $(CONSOLE)  ## what the gateway serves at /console/, built from frontend/

no-console:
	@echo "The console is left out: building it takes Node 20 or newer. The gateway's API does not need it."

browser: $(VENV)/dev $(NODE) $(BROWSER) $(CONSOLE) debian  ## the console in chromium, at length, also on two nodes; pictures in tests/browser/shots
	RUNLINE_TEST_BROWSER=long $(BIN)/pytest -rP tests/browser tests/balanced

debian:  ## the programs that tests use: a browser, proxies, and wrong clocks
	@dpkg -s $(DEBIAN) >/dev/null 2>&1 || { apt-get update -qq && apt-get install -qq --no-install-recommends $(DEBIAN); }

lock: $(VENV)/uv  ## rewrites the requirements files; UPGRADE=--upgrade takes the newest versions
	$(BIN)/uv pip compile pyproject.toml $(LOCK) -o requirements.txt
	$(BIN)/uv pip compile pyproject.toml $(LOCK) --group dev --extra otel -c requirements.txt -o requirements-dev.txt
	$(BIN)/uv pip compile --group conformance $(LOCK) -o requirements-conformance.txt

clean:
	rm -rf $(VENV) $(OFFICIAL) $(AEGRA) $(NODE) $(BROWSER) $(dir $(CONSOLE)) .coverage* .mypy_cache .ruff_cache .import_linter_cache

$(VENV)/uv:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check 'uv<1'
	touch $@

$(VENV)/runtime: $(VENV)/uv requirements.txt pyproject.toml
	$(INSTALL) --requirements requirements.txt
	$(INSTALL) --no-deps --editable .
	touch $@

$(VENV)/dev: $(VENV)/runtime requirements-dev.txt
	$(INSTALL) --requirements requirements-dev.txt
	touch $@

$(OFFICIAL)/ready: $(VENV)/uv requirements-conformance.txt
	$(BIN)/uv venv --quiet --clear --python $(PYTHON) $(OFFICIAL)
	$(BIN)/uv pip install --quiet --python $(OFFICIAL)/bin/python --requirements requirements-conformance.txt
	touch $@

# it asks for Python 3.12, and works on 3.11
$(AEGRA)/ready: $(VENV)/uv requirements-aegra.txt
	$(BIN)/uv venv --quiet --clear --python $(PYTHON) $(AEGRA)
	$(BIN)/pip --python $(AEGRA)/bin/python install --quiet --no-deps --ignore-requires-python --requirement requirements-aegra.txt
	touch $@

$(CONSOLE): frontend/node_modules $(shell find frontend -name node_modules -prune -o -type f -print)
	npm run --silent --prefix frontend build

$(NODE) $(BROWSER): %/node_modules: %/package-lock.json
	npm ci --prefix $* --no-audit --no-fund --loglevel=error
	touch $@
