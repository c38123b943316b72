# Everything a checkout needs, from a bare Python >= 3.11. `make help` lists the targets.

SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/installed
PIP := PIP_ROOT_USER_ACTION=ignore PIP_DISABLE_PIP_VERSION_CHECK=1 $(BIN)/python -m pip --quiet --quiet --no-input

# The first of these that is new enough and can make an environment; PYTHON=… names another.
PYTHON_CANDIDATES := python3.13 python3.12 python3.11 python3.14 python3
PYTHON ?= $(shell for python in $(PYTHON_CANDIDATES); do \
	$$python -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo $$python && break; done)

LOCK := $(VENV)/lock/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	--no-annotate

# What some tests run that pip cannot bring, each as command:Debian-packages.
TOOLS := bash:bash curl:curl cc:gcc+libc6-dev node:nodejs npm:npm chromium:chromium

.PHONY: help run test tools check bench capacity soak failover replay screenshots lock clean
.DEFAULT_GOAL := help

help: ## Say what there is
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1	\2/p' Makefile

run: $(INSTALLED) ## Set up, then serve on http://127.0.0.1:8000
	@exec $(BIN)/plaudit serve --development $(ARGS)

test: $(INSTALLED) tools ## Set up, then run all tests (ARGS="tests/unit -k name" for some)
	@$(BIN)/python -m pytest --numprocesses=auto --maxprocesses=8 --dist=loadfile --quiet $(ARGS)

# Where it can, it installs what is missing; where it cannot, it says so, and the tests in want of it fail.
tools:
	@missing=; for tool in $(TOOLS); do \
		command -v $${tool%%:*} >/dev/null || missing="$$missing $$(echo $${tool#*:} | tr + ' ')"; done; \
	test -z "$$missing" || { test "$$(id -u)" = 0 && command -v apt-get >/dev/null \
		&& echo "Installing what some tests need:$$missing" >&2 \
		&& export DEBIAN_FRONTEND=noninteractive && apt-get update -qq \
		&& apt-get install -qq -y --no-install-recommends $$missing >&2; } \
	|| echo "Some tests will fail for want of:$$missing. On Debian and Ubuntu: apt-get install$$missing" >&2

check: $(INSTALLED) ## Lint, types and who may import whom
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports

bench: $(INSTALLED) ## Measure: under 15 minutes (ARGS=--quick for the first three figures)
	@$(BIN)/python benchmarks/bench.py $(ARGS)

failover: $(VENV)/failover ## Kill the leader of three Patroni nodes five times under load (etcd must be installed)
	@PYTHONPATH=tests/faults:tests:benchmarks $(BIN)/python -m failover_patroni $(ARGS)

$(VENV)/failover: | $(INSTALLED)
	@$(PIP) install --target $@ 'patroni[etcd3]>=4.1,<5' 'psycopg[binary]>=3.2,<4'

soak: $(INSTALLED) tools ## Faults in random order for half an hour (SOAK_MINUTES=3 SOAK_SEED=7 …: tests/faults/soak.py)
	@PYTHONPATH=tests $(BIN)/python tests/faults/soak.py

capacity: $(INSTALLED) ## Measure what votes and messages cost, and project it into docs/capacity.md (four minutes)
	@PYTHONPATH=tests $(BIN)/python benchmarks/capacity.py --measure --write $(ARGS)

replay: $(INSTALLED) ## Play 10,920 real judgements to `make run`, if it runs, and compare what is read back
	@$(BIN)/python benchmarks/replay.py --running $(ARGS)

screenshots: $(INSTALLED) tools ## Take the pictures of docs/images anew, of the demo's pages (half a minute)
	@$(BIN)/python benchmarks/screenshots.py

lock: $(INSTALLED) ## Resolve pyproject.toml anew into requirements.lock, and the image's parts of it
	@test -x $(VENV)/lock/bin/uv || { $(BIN)/python -m venv $(VENV)/lock && $(VENV)/lock/bin/pip install -qq uv; }
	@$(LOCK) pyproject.toml --extra dashboard --extra otel --extra mcp --extra parquet --extra dev --upgrade --output-file requirements.lock
	@$(LOCK) pyproject.toml --extra dashboard --extra otel --constraint requirements.lock --output-file requirements-runtime.lock
	@echo hatchling | $(LOCK) - --constraint requirements.lock --output-file requirements-build.lock
	@echo "The locks are new: run 'make test' and 'make check' on them."

clean: ## Remove what the other targets made, except plaudit-data/
	@rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache dist

# Locked packages by hash first, then the package itself with the locked build tools: nothing unlocked is fetched.
$(INSTALLED): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { \
		echo "Plaudit needs Python 3.11 or later with its venv module, and none of these is one:" >&2; \
		for python in $(PYTHON_CANDIDATES); do $$python --version 2>/dev/null | sed "s/^/  $$python is /" >&2; done; \
		echo "On Debian and Ubuntu: apt-get install python3 python3-venv" >&2; exit 1; }
	@echo "Setting up $(VENV) with $$($(PYTHON) --version); a minute or so." >&2
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	@$(PIP) install --require-hashes --requirement requirements.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@
